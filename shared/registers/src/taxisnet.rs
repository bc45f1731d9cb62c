//! Client of TAXISnet. Exchanges an OAuth 2.0 authorization code for an access token, and requests `userinfo`, which is XML. The format is
//! that of the public clients of GSIS.

use domain::{Afm, Secret};
use serde::Deserialize;

use crate::{RegisterError, RegisteredPerson, unavailable};

/// Client of TAXISnet.
#[derive(Debug, Clone)]
pub struct Taxisnet {
    client: reqwest::Client,
    base_url: String,
    /// Name of the server at GSIS, the first segment of all paths.
    server: String,
    client_id: String,
    client_secret: Secret,
}

/// The person who signed in, according to TAXISnet. The names here are used only if the citizens' registry has none.
#[derive(Debug, Clone)]
pub struct TaxisnetPerson {
    pub afm: Afm,
    pub first_name: String,
    pub last_name: String,
    /// The year of birth in four digits. `None` if `userinfo` contains no valid year.
    birth_year: Option<String>,
}

impl TaxisnetPerson {
    /// Checks that the birth date in the citizens' registry (YYYY-MM-DD) has the birth year that `userinfo` states. `registered` is the
    /// registry's response for the AFM in `userinfo`. No other check shows that the AFM and the birth year in `userinfo` belong to one
    /// person, because the request for `userinfo` contains no AFM to compare with. The check passes if `userinfo` has no valid year.
    ///
    /// # Errors
    /// Returns [`RegisterError::AnotherPerson`] if the years differ.
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
    pub const fn new(client: reqwest::Client, base_url: String, server: String, client_id: String, client_secret: Secret) -> Self {
        Self { client, base_url, server, client_id, client_secret }
    }

    /// Exchanges the authorization code for an access token, then requests the person from `userinfo`.
    ///
    /// # Errors
    /// Among others [`RegisterError::CodeRefused`] if TAXISnet rejects the code.
    pub async fn person(&self, code: &str, redirect_uri: &str) -> Result<TaxisnetPerson, RegisterError> {
        let form = [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", redirect_uri),
            ("client_id", &self.client_id),
            ("client_secret", self.client_secret.expose()),
        ];
        let response = self.client.post(self.url("oauth/token")).form(&form).send().await.map_err(unavailable)?;
        match response.status().as_u16() {
            200 => {}
            400 => return Err(RegisterError::CodeRefused),
            _ => return Err(RegisterError::Unavailable(format!("token: status {}", response.status().as_u16()))),
        }
        let token: Token = response.json().await.map_err(unavailable)?;
        let response =
            self.client.get(self.url("userinfo?format=xml")).bearer_auth(token.access_token.expose()).send().await.map_err(unavailable)?;
        if response.status() != 200 {
            return Err(RegisterError::Unavailable(format!("userinfo: status {}", response.status().as_u16())));
        }
        parse_userinfo(&response.text().await.map_err(unavailable)?)
    }

    fn url(&self, path: &str) -> String {
        url(&self.base_url, &self.server, path)
    }
}

/// Returns the URL at which a browser signs in.
pub fn authorize_url(base_url: &str, server: &str, client_id: &str, redirect_uri: &str, state: &str) -> String {
    let query = encode_query(&[
        ("client_id", client_id),
        ("redirect_uri", redirect_uri),
        ("response_type", "code"),
        ("scope", "read"),
        ("state", state),
    ]);
    format!("{}?{query}", url(base_url, server, "oauth/authorize"))
}

/// Returns the URL at which a browser ends its session at TAXISnet.
pub fn sign_out_url(base_url: &str, server: &str, client_id: &str, return_to: &str) -> String {
    format!("{}?{}", url(base_url, server, &format!("logout/{client_id}/")), encode_query(&[("url", return_to)]))
}

fn url(base_url: &str, server: &str, path: &str) -> String {
    format!("{}/{server}/{path}", base_url.trim_end_matches('/'))
}

fn encode_query(pairs: &[(&str, &str)]) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
}

fn is_year(text: &str) -> bool {
    text.len() == 4 && text.bytes().all(|byte| byte.is_ascii_digit()) && text != "0000"
}

/// Parses the person from `userinfo`, whose values are padded with spaces.
///
/// # Errors
/// Returns [`RegisterError::Unexpected`] if the text is not the expected XML or contains no valid AFM.
pub fn parse_userinfo(xml: &str) -> Result<TaxisnetPerson, RegisterError> {
    const NOT_XML: RegisterError = RegisterError::Unexpected("userinfo is not the XML of GSIS");
    let root: UserinfoRoot = quick_xml::de::from_str(xml).map_err(|_| NOT_XML)?;
    let info = root.userinfo;
    // quick-xml accepts control characters that XML forbids (XML 1.0, 2.2). They are rejected here, because names are displayed and written
    // to files.
    let is_xml_char = |c: char| c >= ' ' || matches!(c, '\t' | '\n' | '\r');
    if !info.lastname.chars().chain(info.firstname.chars()).all(is_xml_char) {
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
    fn userinfo_is_parsed_and_its_padding_removed() {
        let xml = r#"<root><userinfo userid="user1   " taxid="068933130   " lastname="ΠΑΠΑΔΟΠΟΥΛΟΥ   " firstname="ΜΑΡΙΑ " fathername="ΝΙΚΟΣ " mothername="" birthyear="1980"/></root>"#;
        let person = parse_userinfo(xml).unwrap();
        assert_eq!((person.afm.expose(), person.first_name.as_str(), person.last_name.as_str()), ("068933130", "ΜΑΡΙΑ", "ΠΑΠΑΔΟΠΟΥΛΟΥ"));
    }

    #[test]
    fn a_birth_date_in_another_year_than_that_of_userinfo_is_an_error() {
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
        // Without a valid year there is nothing to compare.
        for year in ["", "  ", "0000", "80", "n/a"] {
            assert!(person(year).matches(&registered("1981-01-31")).is_ok(), "{year}");
        }
    }

    #[test]
    fn anything_else_than_valid_userinfo_is_rejected() {
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
    fn urls_have_the_form_of_gsis() {
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
