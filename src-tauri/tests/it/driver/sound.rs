//! Microphone and loudspeaker of a desktop: a sound server of its own with somebody who hums, and ears nobody has.

use std::path::Path;
use std::process::{Command, Stdio};

use super::page::wait_for_some;
use super::process::{self, Group};

/// What a sound server of a desktop has, with a tone for a microphone.
const DEVICES: &str = "load-module module-null-sink sink_name=ears
load-module module-sine-source source_name=voice rate=48000 frequency=440
set-default-source voice
set-default-sink ears
";

/// A sound server that outlives the apps on it.
pub struct Sound {
    server: String,
    configuration: String,
    _running: Group,
}

impl Sound {
    /// Starts one that keeps what it writes in `folder`.
    pub async fn start(folder: &Path) -> Self {
        process::make_private(folder);
        let socket = folder.join("native");
        let script = folder.join("start.pa");
        let protocol =
            format!("load-module module-native-protocol-unix socket={} auth-anonymous=1\n", socket.display());
        std::fs::write(&script, protocol + DEVICES).unwrap();
        let mut command = Command::new("pulseaudio");
        command.args(["-n", "--daemonize=no", "--use-pid-file=no", "--exit-idle-time=-1", "-F"]).arg(&script);
        command.args(["--realtime=no", "--high-priority=no", "--disable-shm=yes"]);
        command.env("HOME", folder).env("XDG_RUNTIME_DIR", folder).env_remove("DISPLAY");
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let running = Group::spawn(&mut command);
        wait_for_some("the sound server", || socket.exists().then_some(())).await;
        let server = format!("unix:{}", socket.display());
        let alsa = folder.join("asound.conf");
        let device = |kind: &str| format!("{kind}.!default {{ type pulse server \"{server}\" }}\n");
        let devices = device("pcm") + &device("ctl");
        std::fs::write(&alsa, format!("</usr/share/alsa/alsa.conf>\n{devices}")).unwrap();
        Self { server, configuration: alsa.display().to_string(), _running: running }
    }

    /// What an app is given to find it.
    pub fn env(&self) -> [(&str, &str); 2] {
        [("PULSE_SERVER", &self.server), ("ALSA_CONFIG_PATH", &self.configuration)]
    }
}

/// What an app is given that shall find no sound at all, whatever the machine has.
pub const SILENCE: [(&str, &str); 2] = [("PULSE_SERVER", "unix:/nowhere"), ("ALSA_CONFIG_PATH", "/dev/null")];
