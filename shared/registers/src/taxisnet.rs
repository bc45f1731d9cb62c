//! TAXISnet: OAuth 2.0 authorization code, then `userinfo` as XML (GSIS, as its public clients use it).

use domain::{Afm, Secret};
use serde::Deserialize;

use crate::{RegisterError, RegisteredPerson, unavailable};

/// Which server of GSIS, and as whom we speak to it.
#[derive(Debug, Clone)]
pub struct Taxisnet {
    client: reqwest::Client,
    base: String,
    server: String,
    client_id: String,
    client_secret: Secret,
}

/// Who signed in. The names are kept as the registers have them, not as here.
#[derive(Debug, Clone)]
pub struct TaxisnetPerson {
    pub afm: Afm,
    pub first_name: String,
    pub last_name: String,
    /// Four digits. `None` where `userinfo` gives no such year.
    birth_year: Option<String>,
}

impl TaxisnetPerson {
    /// Returns an error if the registry's birth date (YYYY-MM-DD) is of another year than the one in `userinfo`. No number is asked of TAXISnet that its response
    /// could be matched with, so this is the only sign that one of the two is about somebody else.
    ///
    /// # Errors
    /// [`RegisterError::AnotherPerson`].
    pub fn matches(&self, registered: &RegisteredPerson) -> Result<(), RegisterError> {
        match &self.birth_year {
            Some(year) if !registered.birth_date.starts_with(year.as_str()) => Err(RegisterError::AnotherPerson("birth year of userinfo")),
            Some(_) | None => Ok(()),
        }
    }
}

#[derive(Deserialize)]
struct Token {
    access_token: Secret,
}

#[derive(Deserialize)]
struct UserinfoRoot {
    userinfo: Userinfo,
}

#[derive(Deserialize)]
struct Userinfo {
    #[serde(rename = "@taxid")]
    taxid: String,
    #[serde(rename = "@lastname", default)]
    lastname: String,
    #[serde(rename = "@firstname", default)]
    firstname: String,
    #[serde(rename = "@birthyear", default)]
    birthyear: String,
}

impl Taxisnet {
    pub const fn new(client: reqwest::Client, base: String, server: String, client_id: String, client_secret: Secret) -> Self {
        Self { client, base, server, client_id, client_secret }
    }

    /// Exchanges the authorization code, then asks who it is.
    ///
    /// # Errors
    /// [`RegisterError::CodeRefused`] where TAXISnet does not take the code.
    pub async fn person(&self, code: &str, redirect_uri: &str) -> Result<TaxisnetPerson, RegisterError> {
        let form = [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", redirect_uri),
            ("client_id", &self.client_id),
            ("client_secret", self.client_secret.expose()),
        ];
        let answer = self.client.post(self.address("oauth/token")).form(&form).send().await.map_err(unavailable)?;
        match answer.status().as_u16() {
            200 => {}
            400 => return Err(RegisterError::CodeRefused),
            _ => return Err(RegisterError::Unavailable(format!("token: status {}", answer.status().as_u16()))),
        }
        let token: Token = answer.json().await.map_err(unavailable)?;
        let answer = self
            .client
            .get(self.address("userinfo?format=xml"))
            .bearer_auth(token.access_token.expose())
            .send()
            .await
            .map_err(unavailable)?;
        if answer.status() != 200 {
            return Err(RegisterError::Unavailable(format!("userinfo: status {}", answer.status().as_u16())));
        }
        parse_userinfo(&answer.text().await.map_err(unavailable)?)
    }

    fn address(&self, path: &str) -> String {
        address(&self.base, &self.server, path)
    }
}

/// Where a browser goes to sign in.
pub fn authorize_url(base: &str, server: &str, client_id: &str, redirect_uri: &str, state: &str) -> String {
    let query =
        encode(&[("client_id", client_id), ("redirect_uri", redirect_uri), ("response_type", "code"), ("scope", "read"), ("state", state)]);
    format!("{}?{query}", address(base, server, "oauth/authorize"))
}

/// Where a browser goes to end its visit to TAXISnet too.
pub fn sign_out_url(base: &str, server: &str, client_id: &str, return_to: &str) -> String {
    format!("{}?{}", address(base, server, &format!("logout/{client_id}/")), encode(&[("url", return_to)]))
}

fn address(base: &str, server: &str, path: &str) -> String {
    format!("{}/{server}/{path}", base.trim_end_matches('/'))
}

fn encode(pairs: &[(&str, &str)]) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
}

fn is_year(text: &str) -> bool {
    text.len() == 4 && text.bytes().all(|byte| byte.is_ascii_digit()) && text != "0000"
}

/// Who `userinfo` says it is. Values come padded with blanks.
///
/// # Errors
/// [`RegisterError::Unexpected`] where it is other XML, or none, or names no valid AFM.
pub fn parse_userinfo(xml: &str) -> Result<TaxisnetPerson, RegisterError> {
    const NOT_XML: RegisterError = RegisterError::Unexpected("userinfo is not the XML of GSIS");
    let root: UserinfoRoot = quick_xml::de::from_str(xml).map_err(|_| NOT_XML)?;
    let info = root.userinfo;
    // quick-xml lets control characters through, which XML does not have (XML 1.0, 2.2): names are shown, and go into files.
    let is_of_xml = |c: char| c >= ' ' || matches!(c, '\t' | '\n' | '\r');
    if !info.lastname.chars().chain(info.firstname.chars()).all(is_of_xml) {
        return Err(NOT_XML);
    }
    Ok(TaxisnetPerson {
        afm: Afm::parse(info.taxid.trim()).map_err(|_| RegisterError::Unexpected("userinfo has no valid AFM"))?,
        first_name: info.firstname.trim().to_owned(),
        last_name: info.lastname.trim().to_owned(),
        birth_year: is_year(info.birthyear.trim()).then(|| info.birthyear.trim().to_owned()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn userinfo_is_read_and_its_padding_dropped() {
        let xml = r#"<root><userinfo userid="user1   " taxid="068933130   " lastname="ΠΑΠΑΔΟΠΟΥΛΟΥ   " firstname="ΜΑΡΙΑ " fathername="ΝΙΚΟΣ " mothername="" birthyear="1980"/></root>"#;
        let person = parse_userinfo(xml).unwrap();
        assert_eq!((person.afm.expose(), person.first_name.as_str(), person.last_name.as_str()), ("068933130", "ΜΑΡΙΑ", "ΠΑΠΑΔΟΠΟΥΛΟΥ"));
    }

    #[test]
    fn the_registrys_birth_date_is_of_the_year_in_userinfo() {
        let registered = |birth_date: &str| RegisteredPerson {
            afm: None,
            amka: None,
            paaypa: None,
            first_name: String::new(),
            last_name: String::new(),
            birth_date: birth_date.to_owned(),
        };
        let person = |year: &str| parse_userinfo(&format!(r#"<root><userinfo taxid="068933130" birthyear="{year}"/></root>"#)).unwrap();
        assert!(person("1980  ").matches(&registered("1980-01-31")).is_ok());
        assert!(matches!(person("1980").matches(&registered("1981-01-31")), Err(RegisterError::AnotherPerson(_))));
        // No year to compare with.
        for none in ["", "  ", "0000", "80", "n/a"] {
            assert!(person(none).matches(&registered("1981-01-31")).is_ok(), "{none}");
        }
    }

    #[test]
    fn anything_else_is_refused() {
        for xml in ["", "<html/>", "<root/>", r#"<root><userinfo taxid="123"/></root>"#, r#"<root><userinfo/></root>"#] {
            assert!(parse_userinfo(xml).is_err(), "{xml}");
        }
        for control in ["\0", "\u{1}", "&#1;", "\u{1b}"] {
            let xml = format!(r#"<root><userinfo taxid="068933130" lastname="Π{control}"/></root>"#);
            assert!(parse_userinfo(&xml).is_err(), "{xml:?}");
        }
        let bomb = r#"<!DOCTYPE r [<!ENTITY a "068933130">]><root><userinfo taxid="&a;"/></root>"#;
        assert!(parse_userinfo(bomb).is_err());
    }

    #[test]
    fn addresses_are_those_of_gsis() {
        let url = authorize_url("https://oauth2.gsis.gr/", "oauth2server", "id", "https://x.gr/cb?a=b", "s t");
        assert_eq!(
            url,
            "https://oauth2.gsis.gr/oauth2server/oauth/authorize?client_id=id&redirect_uri=https%3A%2F%2Fx.gr%2Fcb%3Fa%3Db&response_type=code&scope=read&state=s+t"
        );
        assert_eq!(
            sign_out_url("https://g", "oauth2server", "id", "https://x/"),
            "https://g/oauth2server/logout/id/?url=https%3A%2F%2Fx%2F"
        );
    }
}
