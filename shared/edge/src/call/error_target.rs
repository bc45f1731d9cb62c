//! Selects the receiver of an error response: the caller itself, the app that began a sign-in, or a page of the web application.

use domain::native_app::AppSignIn;
use lambda_http::http::header;

use super::Call;

impl Call {
    /// Redirects the browser to the redirect URI of the app that began this sign-in if the request fails from now on. The person continues
    /// in the app, not on a page of the web application.
    pub fn report_errors_to_app(&self, app: &AppSignIn) {
        // Handlers call this once, so the value is not set yet.
        let _ = self.app.set(app.clone());
    }

    /// Returns the app to which errors are reported.
    pub(crate) fn app(&self) -> Option<&AppSignIn> {
        self.app.get()
    }

    /// Redirects the browser to the web application's problem page if the request fails from now on. Has no effect unless `Accept` prefers
    /// HTML, which shows that a browser navigates to this URL.
    pub fn redirect_errors_to_page(&self) {
        if prefers_html(self.header(header::ACCEPT).unwrap_or_default()) {
            let _ = self.problem_page.set(());
        }
    }

    /// Sets the path of the web application at which the person continues from the problem page. The caller of this function must have
    /// checked the path.
    pub fn set_return_path(&self, return_path: &str) {
        let _ = self.return_path.set(return_path.to_owned());
    }

    /// Returns `None` if errors are not redirected to the problem page. Otherwise returns `Some(Some(path))` with the path at which the
    /// person continues from that page, or `Some(None)` if no path was set.
    pub(crate) fn problem_page(&self) -> Option<Option<&str>> {
        self.problem_page.get().map(|()| self.return_path.get().map(String::as_str))
    }
}

/// Returns whether `Accept` prefers a page to a problem document. Browsers name `text/html` when a person follows a link, but not in
/// requests of scripts.
pub(super) fn prefers_html(accept: &str) -> bool {
    let quality = |media_type: &str| {
        let mut ranges = accept.split(',').map(|range| {
            let mut parts = range.split(';').map(str::trim);
            let name = parts.next().unwrap_or_default();
            let q = parts.find_map(|part| part.strip_prefix("q=")).map_or(Some(1.0), |q| q.parse::<f32>().ok());
            (name, q.unwrap_or(0.0))
        });
        ranges.find(|(name, _)| name.eq_ignore_ascii_case(media_type)).map_or(0.0, |(_, q)| q)
    };
    let html = quality("text/html");
    html > 0.0 && html >= quality("application/json") && html >= quality("application/problem+json")
}
