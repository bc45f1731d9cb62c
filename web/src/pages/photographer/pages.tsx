import "./look.css";
import "./cropper.css";

export { Issued } from "./issued";
export { NewPhotos } from "./new_photos";
export { SendAgain } from "./send_again";
export { Staff } from "./staff";
