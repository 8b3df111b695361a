//! The profile: beginning, state, settings, recovery, backup and care.

use std::path::Path;

use homing_engine::api::{
    self, ApiError, Backup, Call, Code, DemoStart, Doctor, Init, PassphraseSet, ProfileName, RecoveryConfirm,
    RecoveryUse, RelaySet, Restore, Seed, SettingsSet, Status,
};
use serde_json::{Map, Value};

use super::{NOTHING, Outcome, Run, absolute, text_or_stdin};
use crate::args::{self, Key};
use crate::passphrase;
use crate::shapes;

impl Run<'_> {
    pub async fn init(
        &self,
        name: String,
        relay: Option<String>,
        device_name: Option<String>,
    ) -> Result<(), ApiError> {
        self.show::<Status, shapes::Identity>(Call::Init(Init { name, relay, device_name })).await
    }

    pub async fn status(&self) -> Result<(), ApiError> {
        self.show::<Status, shapes::Status>(Call::Status(NOTHING)).await
    }

    pub async fn unlock(&self) -> Result<(), ApiError> {
        let mut status = self.client.status().await?;
        if status.locked {
            status = self.client.unlock().await?;
        }
        self.out.print(&shapes::Status::from(status));
        Ok(())
    }

    pub async fn lock(&self) -> Result<(), ApiError> {
        self.show::<Status, shapes::Status>(Call::Lock(NOTHING)).await
    }

    pub async fn config(&self, command: args::Config) -> Result<(), ApiError> {
        match command {
            args::Config::Get { key } => self.print_settings(key).await,
            args::Config::Set { key, value } => {
                self.set(key, text_or_stdin(&value)?).await?;
                self.print_settings(Some(key)).await
            }
        }
    }

    async fn print_settings(&self, key: Option<Key>) -> Result<(), ApiError> {
        let settings: api::Settings = self.call(Call::Settings(NOTHING)).await?;
        let mut all = shapes::settings_keys(&self.client.status().await?, &settings);
        if let Some(key) = key {
            let wanted = key_name(key);
            all.retain(|key, _| *key == wanted);
        }
        self.out.print(&shapes::Settings(all));
        Ok(())
    }

    async fn set(&self, key: Key, value: String) -> Result<(), ApiError> {
        let _: Value = match key {
            Key::Name => self.call(Call::ProfileRename(ProfileName { name: value })).await?,
            Key::Relay => self.call(Call::RelaySet(RelaySet { address: value })).await?,
            Key::Passphrase => {
                let protected = self.client.status().await?.key_protection == api::KeyProtection::Passphrase;
                let old = protected.then(|| self.client.passphrase()).transpose()?;
                let new = (!value.is_empty()).then_some(value);
                self.call(Call::PassphraseSet(PassphraseSet { old, new })).await?
            }
            _ => self.call(Call::SettingsSet(setting(key, &value)?)).await?,
        };
        Ok(())
    }

    pub async fn recovery(&self, command: args::Recovery) -> Result<(), ApiError> {
        match command {
            args::Recovery::Show => {
                self.show::<api::RecoveryWords, shapes::Words>(Call::RecoveryShow(NOTHING)).await
            }
            args::Recovery::Confirm { words } => {
                let text = words_or_stdin(&words)?;
                let words = (0..).zip(text.split_whitespace().map(str::to_owned)).collect();
                let call = Call::RecoveryConfirm(RecoveryConfirm { words });
                self.show::<Status, shapes::Status>(call).await
            }
            args::Recovery::Use { words, relay, device_name } => {
                let words = words_or_stdin(&words)?;
                let call = Call::RecoveryUse(RecoveryUse { words, relay, name: device_name });
                self.show::<Status, shapes::Identity>(call).await
            }
        }
    }

    pub async fn backup(&self, file: &Path, passphrase_file: Option<&Path>) -> Result<(), ApiError> {
        let passphrase = passphrase_file.map(passphrase::from_file).transpose()?;
        let call = Call::Backup(Backup { file: absolute(file)?, passphrase });
        self.show::<api::BackupReport, shapes::Backup>(call).await
    }

    pub async fn restore(
        &self,
        file: &Path,
        passphrase_file: Option<&Path>,
        words_file: Option<&Path>,
    ) -> Result<(), ApiError> {
        let passphrase = passphrase_file.map(passphrase::from_file).transpose()?;
        let words = words_file.map(passphrase::from_file).transpose()?;
        let call = Call::Restore(Restore { file: absolute(file)?, passphrase, words });
        self.show::<Status, shapes::Identity>(call).await
    }

    pub async fn doctor(&self, repair: bool) -> Result<Outcome, ApiError> {
        let report: api::DoctorReport = self.call(Call::Doctor(Doctor { repair })).await?;
        let healthy = report.healthy;
        self.out.print(&shapes::Doctor::from(report));
        Ok(if healthy { Outcome::Done } else { Outcome::Unhealthy })
    }

    pub async fn seed(&self, messages: u32, conversations: u32, random_seed: u32) -> Result<(), ApiError> {
        let call = Call::Seed(Seed { messages, conversations, random_seed });
        self.show::<api::SeedReport, shapes::Seeded>(call).await
    }

    pub async fn demo(&self, command: args::Demo) -> Result<(), ApiError> {
        match command {
            args::Demo::Start { fresh } => {
                self.show::<Status, shapes::Demo>(Call::DemoStart(DemoStart { fresh })).await
            }
            args::Demo::Remove => self.show::<Status, shapes::Demo>(Call::DemoRemove(NOTHING)).await,
        }
    }
}

fn words_or_stdin(words: &[String]) -> Result<String, ApiError> {
    text_or_stdin(&words.join(" "))
}

fn key_name(key: Key) -> String {
    use clap::ValueEnum as _;
    key.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
}

/// The one setting to change, from its text: a switch, a number or a word.
fn setting(key: Key, value: &str) -> Result<SettingsSet, ApiError> {
    let name = key_name(key);
    let parsed = match value {
        "true" => Value::Bool(true),
        "false" => Value::Bool(false),
        text => text.parse::<u32>().map_or_else(|_| Value::String(text.to_owned()), Value::from),
    };
    let fields = Map::from_iter([(name.clone(), parsed)]);
    serde_json::from_value(Value::Object(fields)).map_err(|_| {
        ApiError::new(Code::InvalidArgument, format!("{value:?} is not a value that {name} can have."))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use homing_engine::api::Theme;

    #[test]
    fn a_setting_is_read_in_its_own_type() {
        assert_eq!(setting(Key::Theme, "dark").unwrap().theme, Some(Theme::Dark));
        assert_eq!(setting(Key::Zoom, "120").unwrap().zoom, Some(120));
        assert_eq!(setting(Key::EnterSends, "false").unwrap().enter_sends, Some(false));
    }

    #[test]
    fn a_value_of_another_type_is_refused() {
        for (key, value) in [(Key::Theme, "pink"), (Key::Zoom, "-1"), (Key::EnterSends, "yes")] {
            assert_eq!(setting(key, value).unwrap_err().code, Code::InvalidArgument, "{value}");
        }
    }

    #[test]
    fn every_key_of_the_settings_is_one_that_can_be_set() {
        use clap::ValueEnum as _;
        for key in Key::value_variants() {
            if matches!(key, Key::Name | Key::Relay | Key::Passphrase) {
                continue;
            }
            let set = ["dark", "true", "100"].iter().filter_map(|value| setting(*key, value).ok());
            assert!(set.into_iter().any(|set| set != SettingsSet::default()), "{key:?}");
        }
    }
}
