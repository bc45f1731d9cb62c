import { Page } from "../../parts/page";

export function Issued() {
  return <Page title="Issued">{null}</Page>;
}

export function NewPhotos() {
  return <Page title="NewPhotos">{null}</Page>;
}

export function SendAgain() {
  return <Page title="SendAgain">{null}</Page>;
}

export function Staff() {
  return <Page title="Staff">{null}</Page>;
}
