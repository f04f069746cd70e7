import { useEffect, useState } from "preact/hooks";
import { useFormats } from "../state/console.ts";

const tickMs = 30_000;

/** How long ago a time was, or how soon it will be; its title has it in full. */
export function Time({ time }: { readonly time: string }) {
  const { relative, absolute, locale } = useFormats();
  const [now, setNow] = useState(Date.now());
  useEffect(() => {
    const timer = window.setInterval(() => setNow(Date.now()), tickMs);
    return () => window.clearInterval(timer);
  }, []);
  return (
    <time dateTime={time} title={absolute(time)} lang={locale}>
      {relative(time, Math.max(now, Date.now()))}
    </time>
  );
}
