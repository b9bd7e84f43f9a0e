// The script that other sites include: inserts the widget's frame after its own element and leaves no other trace.
(() => {
  const script = /** @type {HTMLScriptElement} */ (document.currentScript);
  const { owner = "", lang, picture, title } = script.dataset;
  const address = new URL("widget", script.src);
  const owners = owner.split(",").map((name) => name.trim());
  for (const name of owners.filter(Boolean)) address.searchParams.append("owner", name);
  if (lang) address.searchParams.set("lang", lang);
  if (picture) address.searchParams.set("picture", picture);

  const frame = document.createElement("iframe");
  frame.src = address.href;
  frame.title = title ?? `Volunteer computing: ${address.host}`;
  frame.width = "340";
  frame.height = picture ? "640" : "300";
  frame.loading = "lazy";
  frame.referrerPolicy = "no-referrer";
  Object.assign(frame.style, { maxWidth: "100%", border: "0", borderRadius: "16px" });
  script.after(frame);
})();
