import "@fontsource/roboto/greek-400.css";
import "@fontsource/roboto/greek-700.css";
import "@fontsource/roboto/latin-400.css";
import "@fontsource/roboto/latin-700.css";
import "@digigov/css/dist/digigov.css";
import "./look.css";

import { render } from "preact";

import { takeCodeFromAddress } from "./api/pending_code";
import { refresh } from "./api/session";
import { App } from "./app";
import { registerOfflinePage } from "./offline";

takeCodeFromAddress();
addEventListener("hashchange", takeCodeFromAddress);
void refresh();
const root = document.getElementById("app");
if (root !== null) render(<App />, root);
registerOfflinePage();
