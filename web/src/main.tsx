import "@fontsource/roboto/greek-400.css";
import "@fontsource/roboto/greek-700.css";
import "@fontsource/roboto/latin-400.css";
import "@fontsource/roboto/latin-700.css";
import "@digigov/css/dist/digigov.css";
import "./look.css";
import "./shell/shell.css";

import { render } from "preact";

import { endCaseAtExpiry } from "./api/case";
import { takeCodeFromUrl } from "./api/pending_code";
import { checkSessionOnReturn, refreshSession } from "./api/session";
import { App } from "./app";
import { registerOfflinePage } from "./offline";
import { hideKeptPages } from "./shell/kept_page";
import { removeUnsentAtSessionEnd } from "./stored/session_end";
import { takeSharedPictureKeyFromUrl } from "./stored/shared_picture_key";

takeCodeFromUrl();
takeSharedPictureKeyFromUrl();
addEventListener("hashchange", takeCodeFromUrl);
hideKeptPages();
void refreshSession();
checkSessionOnReturn();
endCaseAtExpiry();
removeUnsentAtSessionEnd();
const root = document.getElementById("app");
if (root !== null) render(<App />, root);
registerOfflinePage();
