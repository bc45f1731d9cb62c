/* All pages of the citizen. app.tsx loads them together. */
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
import { withSubject } from "./subject";
import { Visits as VisitsOf } from "./visits";

export { AddMinor } from "./add_minor";
export { People } from "./people";

export const Home = withSubject(HomeOf);
export const Code = withSubject(CodeOf);
export const Photos = withSubject(PhotosOf);
export const Associate = withSubject(AssociateOf);
export const Applications = withSubject(ApplicationsOf);
export const History = withSubject(HistoryOf, { atKep: false });
export const Accesses = withSubject(AccessesOf, { atKep: false });
export const Reminder = withSubject(ReminderOf, { atKep: false });
export const Dissociate = withSubject(DissociateOf);
export const MyData = withSubject(MyDataOf, { atKep: false });
export const Visits = withSubject(VisitsOf, { atKep: false });
