import "./look.css";
import "./day.css";

export { SendAgain } from "./send_again";
export { Staff } from "./staff";
