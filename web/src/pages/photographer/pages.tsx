import "./look.css";
import "./cropper.css";
import "./day.css";

export { Issued } from "./issued";
export { NewPhotos } from "./new_photos";
