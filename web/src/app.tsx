import type { ComponentChildren, ComponentType } from "preact";
import { LocationProvider, Route, Router, lazy } from "preact-iso";

import { NotFound } from "./pages/not_found";
import { NotLoaded } from "./pages/not_loaded";
import { AppSignInPage } from "./pages/session/app_sign_in";
import { RolePage } from "./pages/session/role_choice";
import { SignInProblem } from "./pages/session/sign_in_problem";
import { Start } from "./pages/session/start";
import { session } from "./api/session";
import { Gate, type RoleKind } from "./shell/gate";
import { Shell } from "./shell/shell";

type CitizenPages = typeof import("./pages/citizen/pages");

const kepPages = () => import("./pages/kep/pages");
const photographerPages = () => import("./pages/photographer/pages");
/** Pages that photographers rarely open. */
const rarePhotographerPages = () => import("./pages/photographer/rare_pages");

/**
 * Loads a page on demand. If loading fails (no network, or a new version was deployed and the old files are gone), `NotLoaded` takes its
 * place.
 */
function lazyPage<P = object>(load: () => Promise<ComponentType<P>>) {
  return lazy(() => load().catch((): ComponentType<P> => NotLoaded));
}

/** All pages of a role are loaded together. A clerk of a KEP uses the citizen's pages in a case. */
function citizen(name: keyof CitizenPages) {
  const InnerPage = lazyPage(() => import("./pages/citizen/pages").then((pages) => pages[name]));
  return function Gated() {
    const isClerk = session.value?.role?.kind === "kep_clerk";
    return (
      <Gate role={isClerk ? "kep_clerk" : "citizen"}>
        {isClerk ? (
          <InCase>
            <InnerPage />
          </InCase>
        ) : (
          <InnerPage />
        )}
      </Gate>
    );
  };
}

const InCase: ComponentType<{ children: ComponentChildren }> = lazyPage(() => kepPages().then((pages) => pages.InCase));

/** Returns a page for one role. `load` imports the module that contains this page and others. */
function rolePage<Name extends string, Pages extends Readonly<Record<Name, ComponentType>>>(role: RoleKind, load: () => Promise<Pages>, name: Name) {
  return gated(role, lazyPage(() => load().then((pages) => pages[name])));
}

function gated(role: RoleKind | undefined, InnerPage: ComponentType) {
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
  ["/people/:subject/visits", citizen("Visits")],
  ["/kep", rolePage("kep_clerk", kepPages, "Counter")],
  ["/photographer", rolePage("photographer", photographerPages, "Issued")],
  ["/photographer/new", rolePage("photographer", photographerPages, "NewPhotos")],
  ["/photographer/issued/:upload", rolePage("photographer", rarePhotographerPages, "SendAgain")],
  ["/photographer/staff", rolePage("photographer", rarePhotographerPages, "Staff")],
  ["/about", lazyPage(() => import("./pages/about").then((page) => page.default))],
  ["/accessibility", lazyPage(() => import("./pages/accessibility").then((page) => page.default))],
];

/** Pattern of the paths that the router handles: all except those of the API, which the browser requests from the service. */
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
