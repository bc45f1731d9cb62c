//! The commands, as they are typed.

use std::{collections::BTreeMap, path::PathBuf};

use clap::{Args, Subcommand};
use domain::{
    FileProfile,
    application::{ApplicationId, Purpose},
};
use serde::Deserialize;
use storage::applications::Application;

/// Characters of a key's id.
const KEY_ID_LENGTH: usize = 64;
/// Characters of a name, in either language.
const NAME_LENGTH: usize = 120;

#[derive(Debug, Subcommand)]
pub enum Command {
    /// All applications, also those withdrawn
    List,
    /// One application, with its keys
    Show {
        #[arg(value_parser = application_id)]
        id: ApplicationId,
    },
    /// A new application; it has no key yet
    Add {
        #[arg(value_parser = application_id)]
        id: ApplicationId,
        #[command(flatten)]
        entry: Entry,
    },
    /// Its keys
    Key {
        #[command(subcommand)]
        command: KeyCommand,
    },
    /// It pulls nothing from its next request on, and can no longer be authorised
    Withdraw {
        #[arg(value_parser = application_id)]
        id: ApplicationId,
    },
    /// Takes a withdrawal back
    Restore {
        #[arg(value_parser = application_id)]
        id: ApplicationId,
    },
    /// Adds the applications of a file that are not there yet
    Seed { file: PathBuf },
}

#[derive(Debug, Subcommand)]
pub enum KeyCommand {
    /// A public key, PEM or JWK; its algorithm follows from it
    Add {
        #[arg(value_parser = application_id)]
        id: ApplicationId,
        /// The key's id, as requests name it
        #[arg(long, value_parser = key_id)]
        kid: String,
        file: PathBuf,
    },
    /// Holds from the next request on
    Remove {
        #[arg(value_parser = application_id)]
        id: ApplicationId,
        #[arg(long)]
        kid: String,
        /// Also the last one
        #[arg(long)]
        force: bool,
    },
}

/// What is said of an application.
#[derive(Debug, Args, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// In Greek, as citizens read it
    #[arg(long, value_parser = name)]
    name_el: String,
    /// In English
    #[arg(long, value_parser = name)]
    name_en: String,
    /// What it is for; what it may pull follows from it
    #[arg(long, value_parser = purpose)]
    purpose: Purpose,
    /// Of the photos that it needs: standard or `identity_card`
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
    let fits = (1..=KEY_ID_LENGTH).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b));
    if fits { Ok(text.to_owned()) } else { Err(format!("a key's id has 1 to {KEY_ID_LENGTH} letters, digits, -, _ and .")) }
}

fn name(text: &str) -> Result<String, String> {
    let text = text.trim();
    let fits = (1..=NAME_LENGTH).contains(&text.chars().count()) && !text.chars().any(char::is_control);
    if fits { Ok(text.to_owned()) } else { Err(format!("a name has 1 to {NAME_LENGTH} printable characters")) }
}

fn purpose(text: &str) -> Result<Purpose, String> {
    let all = Purpose::ALL.map(Purpose::name).join(", ");
    Purpose::ALL.into_iter().find(|purpose| purpose.name() == text).ok_or_else(|| format!("one of {all}"))
}

fn profile(text: &str) -> Result<FileProfile, String> {
    let all = [FileProfile::Standard, FileProfile::IdentityCard];
    all.into_iter().find(|profile| profile.name() == text).ok_or_else(|| format!("one of {}", all.map(FileProfile::name).join(", ")))
}
