import type { ComponentChildren } from "preact";
import type { Problem } from "../../contract/parts.ts";
import { shown } from "../text/shown.ts";
import { Icon, type IconName } from "./icon.tsx";

type Tone = "good" | "warn" | "bad" | "plain";
const icons: Readonly<Record<Tone, IconName>> = { good: "check", warn: "alert", bad: "alert", plain: "minus" };

interface NoticeProps {
  readonly tone: Tone;
  readonly children: ComponentChildren;
  readonly id?: string;
  /** `alert` is read out at once, `status` when there is a pause. */
  readonly role?: "alert" | "status";
}

export function Notice({ tone, children, id, role }: NoticeProps) {
  return (
    <div class={`notice ${tone}`} id={id} role={role}>
      <Icon name={icons[tone]} />
      <div>{children}</div>
    </div>
  );
}

/** Why something could not be done or read. */
export function ProblemNotice({ problem }: { readonly problem: Problem }) {
  return (
    <Notice tone={problem.status === 403 ? "warn" : "bad"} role="alert">
      <strong>{shown(problem.title)}.</strong> {shown(problem.detail)}
      {problem.missing === undefined ? null : (
        <>
          {" "}
          You lack the right <code>{shown(problem.missing)}</code>.
        </>
      )}
    </Notice>
  );
}

/** Sentences on the parts that are not in an answer. */
export function Notes({ notes = [] }: { readonly notes?: readonly string[] | undefined }) {
  return (
    <>
      {notes.map((note) => (
        <Notice key={note} tone="warn" role="status">
          {shown(note)}
        </Notice>
      ))}
    </>
  );
}

/** A word with its tone: the tone is never said by colour alone. */
export function Badge({ tone, children, title }: Pick<NoticeProps, "tone" | "children"> & { readonly title?: string }) {
  return (
    <span class={`badge ${tone}`} title={title}>
      <Icon name={icons[tone]} />
      {children}
    </span>
  );
}

/** In place of a list that has nothing: what to do next. */
export function Empty({ title, children }: { readonly title: string; readonly children: ComponentChildren }) {
  return (
    <div class="empty">
      <p class="emptytitle">{title}</p>
      <div>{children}</div>
    </div>
  );
}

/** Stands where an answer will: of about its height, so that little moves. */
export function Loading({ what }: { readonly what: string }) {
  return (
    <div class="loading">
      <p role="status">Reading {what}…</p>
    </div>
  );
}
