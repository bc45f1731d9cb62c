import { Page } from "../../parts/page";

export function People() {
  return <Page title="People">{null}</Page>;
}

export function AddMinor() {
  return <Page title="AddMinor">{null}</Page>;
}

export function Home() {
  return <Page title="Home">{null}</Page>;
}

export function Code() {
  return <Page title="Code">{null}</Page>;
}

export function Photos() {
  return <Page title="Photos">{null}</Page>;
}

export function Associate() {
  return <Page title="Associate">{null}</Page>;
}

export function Applications() {
  return <Page title="Applications">{null}</Page>;
}

export function History() {
  return <Page title="History">{null}</Page>;
}

export function Accesses() {
  return <Page title="Accesses">{null}</Page>;
}

export function Reminder() {
  return <Page title="Reminder">{null}</Page>;
}

export function Dissociate() {
  return <Page title="Dissociate">{null}</Page>;
}

export function MyData() {
  return <Page title="MyData">{null}</Page>;
}
