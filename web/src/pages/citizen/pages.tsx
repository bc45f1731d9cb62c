/* All of the citizen's pages; app.tsx loads them together. */
import "./look.css";

import { Accesses as AccessesOf } from "./accesses";
import { Applications as ApplicationsOf } from "./applications";
import { Associate as AssociateOf } from "./associate";
import { Code as CodeOf } from "./code";
import { Dissociate as DissociateOf } from "./dissociate";
import { History as HistoryOf } from "./history";
import { Home as HomeOf } from "./home";
import { MyData as MyDataOf } from "./my_data";
import { Photos as PhotosOf } from "./photos";
import { Reminder as ReminderOf } from "./reminder";
import { forSubject } from "./subject";

export { AddMinor } from "./add_minor";
export { People } from "./people";

export const Home = forSubject(HomeOf);
export const Code = forSubject(CodeOf);
export const Photos = forSubject(PhotosOf);
export const Associate = forSubject(AssociateOf);
export const Applications = forSubject(ApplicationsOf);
export const History = forSubject(HistoryOf);
export const Accesses = forSubject(AccessesOf);
export const Reminder = forSubject(ReminderOf, { selfOnly: true });
export const Dissociate = forSubject(DissociateOf);
export const MyData = forSubject(MyDataOf);
