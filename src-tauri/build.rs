//! Embeds the page, the configuration, the capabilities and, on Windows, the resources of the app.
//!
//! The page is embedded here, once: the macro that would do it in each target writes the same compressed files from several
//! compilers at a time, and one may take what another has half written. Such an app shows nothing.

use tauri_build::{Attributes, CodegenContext};

fn main() {
    if let Err(error) = tauri_build::try_build(Attributes::new().codegen(CodegenContext::new())) {
        println!("cargo::error={error:#}");
    }
}
