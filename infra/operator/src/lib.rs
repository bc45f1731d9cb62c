//! The operators' command that manages the applications of public bodies and their keys (docs/operating/applications.md).
//!
//! It writes to the table directly with the caller's AWS credentials, because no function of the service can change an application.

mod command;
mod key;
mod seed;

use std::{
    path::PathBuf,
    time::{SystemTime, UNIX_EPOCH},
};

use clap::Parser;
use domain::{
    Moment,
    application::{ApplicationId, KEYS_PER_APPLICATION_MAX},
};
use storage::{
    StorageError,
    applications::{Application, Applications, PublicKey},
};

pub use command::{Command, KeyCommand};
pub use key::{BadKey, read_key};

#[derive(Debug, Parser)]
#[command(name = "applications", about = "Manages the applications of public bodies and their keys")]
pub struct Cli {
    /// Name of the stack's table Applications
    #[arg(long, env = "APPLICATIONS_TABLE")]
    table: String,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, thiserror::Error)]
pub enum OperatorError {
    #[error("application {0} already exists; nothing was changed")]
    Taken(ApplicationId),
    #[error("application {0} does not exist")]
    Unknown(ApplicationId),
    #[error("somebody else changed {0} at the same time, so nothing was changed. Check the application and try again")]
    Raced(ApplicationId),
    #[error("{0} already has a key {1}. Use another ID")]
    KeyTaken(ApplicationId, String),
    #[error("{0} already has {KEYS_PER_APPLICATION_MAX} keys ({1}), the maximum. Remove an old one first")]
    TooManyKeys(ApplicationId, String),
    #[error("{0} has no key {1}. Its keys: {2}")]
    KeyUnknown(ApplicationId, String, String),
    #[error("{1} is the last key of {0}, which could not pull without it. Use --force to remove it anyway, or withdraw the application")]
    LastKey(ApplicationId, String),
    #[error("{0} already has the same key as {1}")]
    SameKey(ApplicationId, String),
    #[error("{path}: {error}")]
    File { path: PathBuf, error: std::io::Error },
    #[error("{path}: {error}")]
    Key { path: PathBuf, error: BadKey },
    #[error("{path}: {error}")]
    Seed { path: PathBuf, error: Box<toml::de::Error> },
    #[error("the table: {0}")]
    Storage(#[from] StorageError),
}

/// Executes a command. Returns the text to print.
///
/// # Errors
/// If the command failed. `seed` may have added some of the applications before it failed.
pub async fn run(cli: Cli) -> Result<String, OperatorError> {
    let table = Applications::new(storage::dynamodb(&aws::config().await), cli.table);
    let registry = Registry { table, now: now() };
    match cli.command {
        Command::List => registry.list().await,
        Command::Show { id } => Ok(description(&registry.find(&id).await?)),
        Command::Add { id, entry } => registry.add(entry.application(id)).await,
        Command::Key { command: KeyCommand::Add { id, kid, file } } => registry.add_key(&id, kid, file).await,
        Command::Key { command: KeyCommand::Remove { id, kid, force } } => registry.remove_key(&id, &kid, force).await,
        Command::Withdraw { id } => registry.set_withdrawn(&id, Some(registry.now)).await,
        Command::Restore { id } => registry.set_withdrawn(&id, None).await,
        Command::Seed { file } => registry.seed(file).await,
    }
}

/// The registered applications.
struct Registry {
    table: Applications,
    now: Moment,
}

impl Registry {
    async fn find(&self, id: &ApplicationId) -> Result<Application, OperatorError> {
        self.table.find(id, self.now).await?.ok_or_else(|| OperatorError::Unknown(id.clone()))
    }

    async fn list(&self) -> Result<String, OperatorError> {
        let lines = self.table.all().await?;
        let lines = lines.iter().map(|application| {
            let state = if application.in_service() { "" } else { ", withdrawn" };
            let (keys, purpose) = (application.keys.len(), application.purpose.name());
            format!("{}: {purpose}, keys: {keys}{state}  {} / {}", application.application, application.name_el, application.name_en)
        });
        Ok(lines.collect::<Vec<_>>().join("\n"))
    }

    async fn add(&self, application: Application) -> Result<String, OperatorError> {
        if !self.table.add(&application, self.now).await? {
            return Err(OperatorError::Taken(application.application));
        }
        Ok(description(&application))
    }

    /// Reads an application, changes it, and writes it.
    async fn change(&self, id: &ApplicationId, change: impl FnOnce(&mut Application)) -> Result<String, OperatorError> {
        let read = self.find(id).await?;
        self.write(&read, change).await
    }

    /// Writes a change on condition that the application has not been changed since it was read.
    async fn write(&self, read: &Application, change: impl FnOnce(&mut Application)) -> Result<String, OperatorError> {
        let mut changed = read.clone();
        change(&mut changed);
        changed.revision = storage::time_ordered_id();
        if self.table.replace(read, &changed, self.now).await? {
            Ok(description(&changed))
        } else {
            Err(OperatorError::Raced(read.application.clone()))
        }
    }

    async fn add_key(&self, id: &ApplicationId, kid: String, path: PathBuf) -> Result<String, OperatorError> {
        let text = read(&path)?;
        let key = read_key(&text).map_err(|error| OperatorError::Key { path, error })?;
        let application = self.find(id).await?;
        check_new_key(&application, &kid, &key.jwk)?;
        let key = PublicKey { algorithm: key.algorithm, jwk: key.jwk, added_at: self.now };
        self.write(&application, |application| {
            application.keys.insert(kid, key);
        })
        .await
    }

    async fn remove_key(&self, id: &ApplicationId, kid: &str, force: bool) -> Result<String, OperatorError> {
        let application = self.find(id).await?;
        if !application.keys.contains_key(kid) {
            return Err(OperatorError::KeyUnknown(id.clone(), kid.to_owned(), key_ids(&application)));
        }
        if application.keys.len() == 1 && !force {
            return Err(OperatorError::LastKey(id.clone(), kid.to_owned()));
        }
        self.write(&application, |application| {
            application.keys.remove(kid);
        })
        .await
    }

    async fn set_withdrawn(&self, id: &ApplicationId, at: Option<Moment>) -> Result<String, OperatorError> {
        self.change(id, |application| application.withdrawn_at = at.map(|at| application.withdrawn_at.unwrap_or(at))).await
    }

    /// Adds the applications of a file. Skips those that already exist, without changing them.
    async fn seed(&self, path: PathBuf) -> Result<String, OperatorError> {
        let seed = seed::parse(&read(&path)?).map_err(|error| OperatorError::Seed { path, error: Box::new(error) })?;
        let (mut added, total) = (0, seed.len());
        for (id, entry) in seed {
            added += usize::from(self.table.add(&entry.application(id), self.now).await?);
        }
        Ok(format!("{added} of {total} applications added; the others already existed"))
    }
}

fn check_new_key(application: &Application, kid: &str, jwk: &str) -> Result<(), OperatorError> {
    let id = || application.application.clone();
    if application.keys.contains_key(kid) {
        return Err(OperatorError::KeyTaken(id(), kid.to_owned()));
    }
    if let Some((same, _)) = application.keys.iter().find(|(_, key)| key.jwk == jwk) {
        return Err(OperatorError::SameKey(id(), same.clone()));
    }
    if application.keys.len() >= KEYS_PER_APPLICATION_MAX {
        return Err(OperatorError::TooManyKeys(id(), key_ids(application)));
    }
    Ok(())
}

fn read(path: &PathBuf) -> Result<String, OperatorError> {
    std::fs::read_to_string(path).map_err(|error| OperatorError::File { path: path.clone(), error })
}

fn key_ids(application: &Application) -> String {
    if application.keys.is_empty() { "none".to_owned() } else { application.keys.keys().cloned().collect::<Vec<_>>().join(", ") }
}

fn description(application: &Application) -> String {
    let mut lines = vec![
        format!("application  {}", application.application),
        format!("name         {} / {}", application.name_el, application.name_en),
        format!("purpose      {}", application.purpose.name()),
        format!("profile      {}", application.profile.name()),
        match application.withdrawn_at {
            None => "state        in service".to_owned(),
            Some(at) => format!("state        withdrawn since {}", at.rfc3339()),
        },
    ];
    for (kid, key) in &application.keys {
        let fingerprint = key::fingerprint(&key.jwk);
        lines.push(format!("key          {kid}  {}  since {}  SHA-256 {fingerprint}", key.algorithm.name(), key.added_at.rfc3339()));
    }
    if application.keys.is_empty() {
        lines.push("key          none, so it cannot pull yet".to_owned());
    }
    lines.join("\n")
}

fn now() -> Moment {
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |elapsed| elapsed.as_secs());
    Moment::from_epoch_seconds(i64::try_from(seconds).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use domain::application::SigningAlgorithm;

    use super::*;

    fn cli(line: &str) -> Result<Cli, clap::Error> {
        Cli::try_parse_from(["applications", "--table", "t"].into_iter().chain(line.split(' ')))
    }

    fn passports(keys: &[(&str, &str)]) -> Application {
        let Ok(Cli { command: Command::Add { id, entry }, .. }) = cli("add passports --name-el Α --name-en A --purpose passport") else {
            panic!("a command")
        };
        let mut application = entry.application(id);
        for (kid, jwk) in keys {
            let key = PublicKey { algorithm: SigningAlgorithm::EdDsa, jwk: (*jwk).to_owned(), added_at: Moment::from_epoch_seconds(0) };
            application.keys.insert((*kid).to_owned(), key);
        }
        application
    }

    #[test]
    fn commands_are_parsed_and_mistakes_are_reported() {
        for line in [
            "list",
            "show passports",
            "add passports --name-el Α --name-en A --purpose passport --profile identity_card",
            "key add passports --kid 2026-1 key.pem",
            "key remove passports --kid 2026-1 --force",
            "withdraw passports",
            "restore passports",
            "seed applications.toml",
        ] {
            assert!(cli(line).is_ok(), "{line}");
        }
        for (line, message) in [
            ("show Passports", "lower-case"),
            ("add passports --name-el Α --name-en A --purpose holiday", "driving_licence_issue"),
            ("add passports --name-el Α --purpose passport", "--name-en"),
            ("add passports --name-el Α --name-en A --purpose passport --profile large", "identity_card"),
            ("key add passports --kid a/b key.pem", "letters, digits"),
            ("drop passports", "drop"),
            (&format!("key add passports --kid {} key.pem", "k".repeat(65)), "letters, digits"),
            ("add passports --name-el \u{7} --name-en A --purpose passport", "printable"),
            (&format!("add passports --name-el {} --name-en A --purpose passport", "Α".repeat(121)), "printable"),
        ] {
            let error = cli(line).expect_err(line).to_string();
            assert!(error.contains(message), "{line}: {error}");
        }
    }

    #[test]
    fn a_third_key_a_duplicate_id_and_a_duplicate_key_are_rejected() {
        assert!(check_new_key(&passports(&[]), "a", "1").is_ok());
        let one = passports(&[("a", "1")]);
        assert!(check_new_key(&one, "b", "2").is_ok());
        assert!(matches!(check_new_key(&one, "a", "2"), Err(OperatorError::KeyTaken(..))));
        assert!(matches!(check_new_key(&one, "b", "1"), Err(OperatorError::SameKey(..))));
        let two = passports(&[("a", "1"), ("b", "2")]);
        let error = check_new_key(&two, "c", "3").expect_err("a third");
        assert!(error.to_string().contains("a, b"), "{error}");
    }
}
