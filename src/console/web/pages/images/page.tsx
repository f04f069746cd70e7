import { useEffect, useState } from "preact/hooks";
import type { Matrix } from "../../../contract/views.ts";
import { pathWith } from "../../api/client.ts";
import { Button } from "../../parts/button.tsx";
import { CopyButton, Digest } from "../../parts/copy.tsx";
import { Field } from "../../parts/field.tsx";
import { Empty, Loading, Notes, Notice, ProblemNotice } from "../../parts/notice.tsx";
import { Page } from "../../parts/page.tsx";
import { useResource } from "../../state/resource.ts";
import { goTo, linkTo } from "../../state/route.ts";
import { shown } from "../../text/shown.ts";
import { Builds } from "./builds.tsx";
import { MatrixTable } from "./matrix.tsx";

export function ImagesPage({ image }: { readonly image: string }) {
  const [text, setText] = useState(image);
  useEffect(() => setText(image), [image]);
  const { data, problem, reload } = useResource<Matrix>(image === "" ? undefined : pathWith("/matrix", { image }), [
    "matrix",
  ]);
  return (
    <Page title="Images" says="Which build of an image each machine type gets, and why not the others.">
      <form
        class="imageform"
        role="search"
        onSubmit={(event) => {
          event.preventDefault();
          const next = text.trim();
          if (next === image) reload();
          else goTo(linkTo(["images"], { image: next }));
        }}
      >
        <Field label="Image">
          {(wiring) => (
            <input
              {...wiring}
              value={text}
              placeholder="registry.example.com/name:tag"
              onInput={({ currentTarget }) => setText(currentTarget.value)}
              autocapitalize="none"
              autocomplete="off"
              spellcheck={false}
              maxLength={512}
            />
          )}
        </Field>
        <Button type="submit" look="main">
          Show
        </Button>
      </form>
      {image === "" ? (
        <Empty title="Name an image">
          As you would write it in a Pod, with or without a tag. Its registry is asked without credentials.
        </Empty>
      ) : null}
      {problem === undefined ? null : <ProblemNotice problem={problem} />}
      {image !== "" && data === undefined && problem === undefined ? (
        <Loading what="the image from its registry" />
      ) : null}
      {data === undefined ? null : <Found matrix={data} asked={image} />}
    </Page>
  );
}

function Found({ matrix, asked }: { readonly matrix: Matrix; readonly asked: string }) {
  const { image, digest, list, variants, machines, notes } = matrix;
  const link = new URL(linkTo(["images"], { image: asked }), window.location.href).href;
  return (
    <>
      <section class="facts" aria-label="The image">
        <p class="imagename">
          <bdi>{shown(image)}</bdi>
        </p>
        <p>
          <Digest digest={digest} />
          {list === undefined ? null : (
            <span>
              made of the manifest list <bdi>{shown(list)}</bdi>
            </span>
          )}
          <CopyButton text={link} says="Copy link" label="Copy link to this matrix" />
        </p>
      </section>
      <Notes notes={notes} />
      {machines.length === 0 ? (
        <Empty title="No machine to choose for">
          Add a machine type, and this page says which build its machines get.
        </Empty>
      ) : (
        <MatrixTable variants={variants} machines={machines} />
      )}
      {variants.length === 0 ? (
        <Notice tone="plain">
          There is nothing to choose: it is a single image, and every machine gets it as it is.
        </Notice>
      ) : (
        <Builds variants={variants} machines={machines} />
      )}
    </>
  );
}
