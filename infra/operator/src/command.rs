//! The commands and their arguments.

use std::{collections::BTreeMap, path::PathBuf};

use clap::{Args, Subcommand};
use domain::{
    FileProfile,
    application::{ApplicationId, Purpose},
};
use serde::Deserialize;
use storage::applications::Application;

/// Maximum length of a key's ID in characters.
const KEY_ID_LENGTH_MAX: usize = 64;
/// Maximum length of a name in characters, in either language.
const NAME_LENGTH_MAX: usize = 120;

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Lists all applications, including withdrawn ones
    List,
    /// Shows one application with its keys
    Show {
        #[arg(value_parser = application_id)]
        id: ApplicationId,
    },
    /// Adds an application, without a key
    Add {
        #[arg(value_parser = application_id)]
        id: ApplicationId,
        #[command(flatten)]
        entry: Entry,
    },
    /// Adds or removes a key of an application
    Key {
        #[command(subcommand)]
        command: KeyCommand,
    },
    /// Withdraws an application: its next request is rejected, and citizens can no longer authorize it
    Withdraw {
        #[arg(value_parser = application_id)]
        id: ApplicationId,
    },
    /// Reverses a withdrawal
    Restore {
        #[arg(value_parser = application_id)]
        id: ApplicationId,
    },
    /// Adds the applications of a file, and skips those that already exist
    Seed { file: PathBuf },
}

#[derive(Debug, Subcommand)]
pub enum KeyCommand {
    /// Adds a public key in PEM or JWK format. The kind of key determines the signature algorithm
    Add {
        #[arg(value_parser = application_id)]
        id: ApplicationId,
        /// ID of the key. Requests name it in the header of the JWT
        #[arg(long, value_parser = key_id)]
        kid: String,
        file: PathBuf,
    },
    /// Removes a key, with effect from the next request
    Remove {
        #[arg(value_parser = application_id)]
        id: ApplicationId,
        #[arg(long)]
        kid: String,
        /// Removes the key even if it is the last one
        #[arg(long)]
        force: bool,
    },
}

/// The description of an application.
#[derive(Debug, Args, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// Name in Greek, for citizens
    #[arg(long, value_parser = name)]
    name_el: String,
    /// Name in English
    #[arg(long, value_parser = name)]
    name_en: String,
    /// Purpose, which determines the images that the application may pull
    #[arg(long, value_parser = purpose)]
    purpose: Purpose,
    /// Profile of the photos that the application needs: standard or `identity_card`
    #[arg(long, value_parser = profile, default_value = "standard")]
    #[serde(default = "standard")]
    profile: FileProfile,
}

const fn standard() -> FileProfile {
    FileProfile::Standard
}

impl Entry {
    pub(crate) fn application(self, id: ApplicationId) -> Application {
        Application {
            application: id,
            name_el: self.name_el,
            name_en: self.name_en,
            purpose: self.purpose,
            profile: self.profile,
            keys: BTreeMap::new(),
            withdrawn_at: None,
            revision: storage::time_ordered_id(),
        }
    }
}

fn application_id(text: &str) -> Result<ApplicationId, String> {
    ApplicationId::parse(text).map_err(|error| error.to_string())
}

fn key_id(text: &str) -> Result<String, String> {
    let fits = (1..=KEY_ID_LENGTH_MAX).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b));
    if fits { Ok(text.to_owned()) } else { Err(format!("a key's ID has 1 to {KEY_ID_LENGTH_MAX} letters, digits, -, _ and .")) }
}

fn name(text: &str) -> Result<String, String> {
    let text = text.trim();
    let fits = (1..=NAME_LENGTH_MAX).contains(&text.chars().count()) && !text.chars().any(char::is_control);
    if fits { Ok(text.to_owned()) } else { Err(format!("a name has 1 to {NAME_LENGTH_MAX} printable characters")) }
}

fn purpose(text: &str) -> Result<Purpose, String> {
    let all = Purpose::ALL.map(Purpose::name).join(", ");
    Purpose::ALL.into_iter().find(|purpose| purpose.name() == text).ok_or_else(|| format!("the purpose must be one of {all}"))
}

fn profile(text: &str) -> Result<FileProfile, String> {
    let all = [FileProfile::Standard, FileProfile::IdentityCard];
    all.into_iter()
        .find(|profile| profile.name() == text)
        .ok_or_else(|| format!("the profile must be one of {}", all.map(FileProfile::name).join(", ")))
}
