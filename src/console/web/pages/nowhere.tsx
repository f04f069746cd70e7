import { Empty } from "../parts/notice.tsx";
import { Page } from "../parts/page.tsx";
import { linkTo } from "../state/route.ts";

export function NowherePage() {
  return (
    <Page title="There is no such page">
      <Empty title="The address leads nowhere">
        <a href={linkTo(["machine-types"])}>Go to the machine types</a>
      </Empty>
    </Page>
  );
}
