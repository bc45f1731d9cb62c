/* What surrounds every page: header with menu, notices about network and session, footer. */
import type { ComponentChildren } from "preact";
import { useLocation } from "preact-iso";
import { useEffect, useState } from "preact/hooks";

import { session } from "../api/session";
import { language } from "../words/language";
import { Ending } from "./ending";
import { leave } from "./leave";
import { words } from "./words";

export function Shell({ children }: { children: ComponentChildren }) {
  const t = words();
  return (
    <>
      <a class="govgr-skip-link skip" href="#content">
        {t.skip}
      </a>
      <Header />
      <Offline />
      <div class="frame">
        <main id="content" tabIndex={-1}>
          {children}
        </main>
      </div>
      <Footer />
      <Ending />
    </>
  );
}

function Header() {
  const t = words();
  const here = session.value;
  const [open, setOpen] = useState(false);
  const { path } = useLocation();
  useEffect(() => setOpen(false), [path]);
  return (
    <header class="header">
      <div class="header-row">
        <a class="header-title" href="/">
          my<b>Photo</b>
          <span class="header-service">{t.service}</span>
        </a>
        <div class="header-actions">
          <button type="button" class="header-button" lang={language.value === "el" ? "en" : "el"} onClick={() => (language.value = language.value === "el" ? "en" : "el")}>
            {t.otherLanguage}
          </button>
          {here !== undefined && (
            <button type="button" class="header-button header-menu" aria-expanded={open} aria-controls="menu" onClick={() => setOpen(!open)}>
              {t.menu}
            </button>
          )}
        </div>
      </div>
      {here !== undefined && (
        <nav id="menu" class={open ? "menu menu-open" : "menu"} aria-label={t.menu}>
          {here.person !== undefined && (
            <p class="menu-name">
              {here.person.first_name} {here.person.last_name}
              {here.role?.business !== undefined && <span class="menu-business">{here.role.business.name}</span>}
            </p>
          )}
          <ul>
            {links().map(({ href, text }) => (
              <li key={href}>
                <a href={href} aria-current={path === href ? "page" : undefined}>
                  {text}
                </a>
              </li>
            ))}
            <li>
              <button type="button" class="menu-sign-out" onClick={() => void leave()}>
                {t.signOut}
              </button>
            </li>
          </ul>
        </nav>
      )}
    </header>
  );
}

function links(): { href: string; text: string }[] {
  const t = words();
  const here = session.value;
  if (here === undefined || here.stage === "otp") return [];
  const choices = here.roles.length > 1 && here.stage !== "role" ? [{ href: "/role", text: t.role }] : [];
  if (here.stage !== "ready") return choices;
  if (here.role?.kind === "photographer") {
    const staff = here.role.capacity === "owner" ? [{ href: "/photographer/staff", text: t.staff }] : [];
    return [{ href: "/photographer", text: t.issued }, ...staff, ...choices];
  }
  return [{ href: "/people", text: t.home }, ...choices];
}

function Offline() {
  const [online, setOnline] = useState(navigator.onLine);
  useEffect(() => {
    const look = () => setOnline(navigator.onLine);
    addEventListener("online", look);
    addEventListener("offline", look);
    return () => {
      removeEventListener("online", look);
      removeEventListener("offline", look);
    };
  }, []);
  return (
    <div role="status" class="offline-place">
      {!online && <p class="offline">{words().offline}</p>}
    </div>
  );
}

function Footer() {
  const t = words();
  return (
    <footer class="footer">
      <div class="footer-row">
        <ul>
          <li>
            <a href="/about">{t.about}</a>
          </li>
          <li>
            <a href="/accessibility">{t.accessibility}</a>
          </li>
        </ul>
        <p>{t.licence}</p>
      </div>
    </footer>
  );
}
