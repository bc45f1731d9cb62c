/* The frame of every page: header with menu, notices about network and session, footer. */
import type { ComponentChildren, ComponentType } from "preact";
import { useLocation } from "preact-iso";
import { useEffect, useState } from "preact/hooks";

import { pendingCheck, session } from "../api/session";
import { language } from "../words/language";
import { SessionEndDialog } from "./session_end_dialog";
import { SignOut } from "./leave";
import { words } from "./words";

export function Shell({ children }: { children: ComponentChildren }) {
  const t = words();
  return (
    <>
      <a class="govgr-skip-link skip" href="#content">
        {t.skip}
      </a>
      <Header />
      <OfflineNotice />
      <CaseBar />
      <div class="frame">
        <main id="content" tabIndex={-1}>
          {children}
        </main>
      </div>
      <Footer />
      <SessionEndDialog />
    </>
  );
}

function Header() {
  const t = words();
  const current = pendingCheck.value === undefined ? session.value : undefined;
  const [open, setOpen] = useState(false);
  const { path } = useLocation();
  useEffect(() => setOpen(false), [path]);
  const workplace = current?.role?.business?.name ?? current?.role?.office?.name;
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
          {current !== undefined && (
            <button type="button" class="header-button header-menu" aria-expanded={open} aria-controls="menu" onClick={() => setOpen(!open)}>
              {t.menu}
            </button>
          )}
        </div>
      </div>
      {current !== undefined && (
        <nav id="menu" class={open ? "menu menu-open" : "menu"} aria-label={t.menu}>
          {current.person !== undefined && (
            <p class="menu-name">
              {current.person.first_name} {current.person.last_name}
              {workplace !== undefined && <span class="menu-business">{workplace}</span>}
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
              <SignOut />
            </li>
          </ul>
        </nav>
      )}
    </header>
  );
}

function links(): { href: string; text: string }[] {
  const t = words();
  const current = session.value;
  if (current === undefined || current.stage === "otp") return [];
  const choices = current.roles.length > 1 && current.stage !== "role" ? [{ href: "/role", text: t.role }] : [];
  if (current.stage !== "ready") return choices;
  if (current.role?.kind === "photographer") {
    const staff = current.role.capacity === "owner" ? [{ href: "/photographer/staff", text: t.staff }] : [];
    return [{ href: "/photographer", text: t.issued }, ...staff, ...choices];
  }
  if (current.role?.kind === "kep_clerk") return [{ href: "/kep", text: t.counter }, ...choices];
  return [{ href: "/people", text: t.home }, ...choices];
}

/** The bar of a clerk's open case. It stays while the user opens other pages. Its code is loaded only for clerks. */
function CaseBar() {
  const [Bar, setBar] = useState<ComponentType>();
  const isNeeded = session.value?.case !== undefined;
  useEffect(() => {
    if (isNeeded && Bar === undefined) import("../pages/kep/pages").then((pages) => setBar(() => pages.CaseBar), () => undefined);
  }, [isNeeded]);
  return Bar === undefined || !isNeeded || pendingCheck.value !== undefined ? null : <Bar />;
}

function OfflineNotice() {
  const [online, setOnline] = useState(navigator.onLine);
  useEffect(() => {
    const update = () => setOnline(navigator.onLine);
    addEventListener("online", update);
    addEventListener("offline", update);
    return () => {
      removeEventListener("online", update);
      removeEventListener("offline", update);
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
