import { render } from "preact";
import { hearTouches } from "./api/touched.ts";
import { App } from "./app.tsx";

const page = document.getElementById("page");
if (page === null) throw new Error("index.html has no element `page`");
hearTouches();
render(<App />, page);
