import { signOut } from "../api/session";

/** Signs out here, then at TAXISnet, which sends the browser back. Where even that fails the page says so by itself. */
export async function leave(): Promise<void> {
  const next = await signOut();
  location.assign(next);
}
