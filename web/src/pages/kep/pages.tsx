/* All pages of a KEP clerk. app.tsx loads them together. */
import "../citizen/look.css";
import "./look.css";

export { CaseBar } from "./case_bar";
export { Counter } from "./counter";
export { InCase } from "./in_case";
