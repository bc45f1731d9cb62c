import type { ComponentType } from "preact";
import { LocationProvider, Route, Router, lazy } from "preact-iso";

import { NotFound } from "./pages/not_found";
import { NotLoaded } from "./pages/not_loaded";
import { AppSignInPage } from "./pages/session/app_sign_in";
import { RolePage } from "./pages/session/role_choice";
import { SignInProblem } from "./pages/session/sign_in_problem";
import { Start } from "./pages/session/start";
import { Gate } from "./shell/gate";
import { Shell } from "./shell/shell";

type CitizenPages = typeof import("./pages/citizen/pages");
type PhotographerPages = typeof import("./pages/photographer/pages");

/**
 * Loads a page on demand. If loading fails (no network, or a new version was deployed and the old files are gone), `NotLoaded` takes its
 * place.
 */
function lazyPage(load: () => Promise<ComponentType>) {
  return lazy(() => load().catch(() => NotLoaded));
}

/** All pages of a role are loaded together. */
function citizen(name: keyof CitizenPages) {
  return gated("citizen", lazyPage(() => import("./pages/citizen/pages").then((pages) => pages[name])));
}

function photographer(name: keyof PhotographerPages) {
  return gated("photographer", lazyPage(() => import("./pages/photographer/pages").then((pages) => pages[name])));
}

function gated(role: "citizen" | "photographer" | undefined, InnerPage: ComponentType) {
  return function Gated() {
    return (
      <Gate role={role}>
        <InnerPage />
      </Gate>
    );
  };
}

const PAGES: readonly (readonly [path: string, page: ComponentType])[] = [
  ["/", Start],
  ["/sign-in/problem", SignInProblem],
  ["/sign-in/app", AppSignInPage],
  ["/role", gated(undefined, RolePage)],
  ["/people", citizen("People")],
  ["/people/minor", citizen("AddMinor")],
  ["/people/:subject", citizen("Home")],
  ["/people/:subject/code", citizen("Code")],
  ["/people/:subject/photos", citizen("Photos")],
  ["/people/:subject/association", citizen("Associate")],
  ["/people/:subject/applications", citizen("Applications")],
  ["/people/:subject/history", citizen("History")],
  ["/people/:subject/accesses", citizen("Accesses")],
  ["/people/:subject/reminder", citizen("Reminder")],
  ["/people/:subject/dissociation", citizen("Dissociate")],
  ["/people/:subject/data", citizen("MyData")],
  ["/photographer", photographer("Issued")],
  ["/photographer/new", photographer("NewPhotos")],
  ["/photographer/issued/:upload", photographer("SendAgain")],
  ["/photographer/staff", photographer("Staff")],
  ["/about", lazyPage(() => import("./pages/about").then((page) => page.default))],
  ["/accessibility", lazyPage(() => import("./pages/accessibility").then((page) => page.default))],
];

/** The router handles all paths except the API's, which the browser requests. */
const WEB_PATHS = /^(?!\/v1\/)/;

export function App() {
  return (
    <LocationProvider scope={WEB_PATHS}>
      <Shell>
        <Router>
          {PAGES.map(([path, page]) => (
            <Route key={path} path={path} component={page} />
          ))}
          <Route default component={NotFound} />
        </Router>
      </Shell>
    </LocationProvider>
  );
}
