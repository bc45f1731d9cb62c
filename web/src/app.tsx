import { LocationProvider, Route, Router, lazy } from "preact-iso";

import { NotFound } from "./pages/not_found";
import { RolePage } from "./pages/session/role_choice";
import { SignInProblem } from "./pages/session/sign_in_problem";
import { Start } from "./pages/session/start";
import { Gate } from "./shell/gate";
import { Shell } from "./shell/shell";

const Citizen = lazy(() => import("./pages/citizen/routes"));
const Photographer = lazy(() => import("./pages/photographer/routes"));
const About = lazy(() => import("./pages/about"));
const Accessibility = lazy(() => import("./pages/accessibility"));

const RolePlace = () => (
  <Gate>
    <RolePage />
  </Gate>
);
const CitizenPlace = () => (
  <Gate role="citizen">
    <Citizen />
  </Gate>
);
const PhotographerPlace = () => (
  <Gate role="photographer">
    <Photographer />
  </Gate>
);

/** Addresses of the API are the browser's. */
const OURS = /^(?!\/v1\/)/;

export function App() {
  return (
    <LocationProvider scope={OURS}>
      <Shell>
        <Router>
          <Route path="/" component={Start} />
          <Route path="/sign-in/problem" component={SignInProblem} />
          <Route path="/role" component={RolePlace} />
          <Route path="/people/*" component={CitizenPlace} />
          <Route path="/photographer/*" component={PhotographerPlace} />
          <Route path="/about" component={About} />
          <Route path="/accessibility" component={Accessibility} />
          <Route default component={NotFound} />
        </Router>
      </Shell>
    </LocationProvider>
  );
}
