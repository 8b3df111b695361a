//! Embeds the configuration, the capabilities and, on Windows, the resources of the app.
fn main() {
    tauri_build::build();
}
