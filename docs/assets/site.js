/* What scrolls can be reached by the keyboard, and what opens has a name. */
window.addEventListener("load", () => {
  document.querySelectorAll("[role=dialog]").forEach((dialog) => {
    if (!dialog.hasAttribute("aria-label")) dialog.setAttribute("aria-label", "Search");
  });
  const wide = ".md-typeset__scrollwrap, .jupyter-wrapper pre, .jupyter-wrapper table.dataframe, .highlight-ipynb, pre > code, .md-typeset__table";
  document.querySelectorAll(wide).forEach((box) => {
    if (box.scrollWidth > box.clientWidth) box.tabIndex = 0;
  });
});
