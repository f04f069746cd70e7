/** Lines of icons of 16 by 16. */
const paths = {
  add: "M8 3v10M3 8h10",
  alert: "M8 2 1.5 13.5h13zM8 6.5v3.2M8 11.6v.1",
  check: "m3 8.5 3.2 3.2L13 5",
  close: "m4 4 8 8M12 4l-8 8",
  copy: "M5.5 5.5h8v8h-8zM10.5 5.5v-3h-8v8h3",
  cross: "m4.5 4.5 7 7M11.5 4.5l-7 7",
  key: "M6.2 9.8a3 3 0 1 1-.1-.1zM6.2 9.8 13 3M10.5 5.5l2 2",
  link: "M6.5 9.5 9.5 6.5M7 4.5l1.6-1.6a3.1 3.1 0 0 1 4.4 4.4L11.4 9M9 11.5l-1.6 1.6A3.1 3.1 0 0 1 3 8.7L4.6 7",
  minus: "M4 8h8",
  pin: "M5.5 2.5h5M6.5 2.5v4L4.5 9h7l-2-2.5v-4M8 9v4.5",
} as const;

export type IconName = keyof typeof paths;

/** Beside a text that says the same: it is hidden from screen readers. */
export function Icon({ name }: { readonly name: IconName }) {
  return (
    <svg class="icon" viewBox="0 0 16 16" width="16" height="16" aria-hidden="true" focusable="false">
      <path d={paths[name]} />
    </svg>
  );
}
