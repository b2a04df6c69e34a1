// src/ui/Facts.tsx
import Grid from "@material-ui/core/Grid";
import { makeStyles } from "@material-ui/core/styles";
import Typography from "@material-ui/core/Typography";
import { jsx, jsxs } from "react/jsx-runtime";
var useStyles = makeStyles({
  label: { textTransform: "uppercase", fontSize: 10, fontWeight: "bold", letterSpacing: 0.5, overflow: "hidden", whiteSpace: "nowrap" },
  value: { fontWeight: "bold", overflowWrap: "anywhere" }
});
var Fact = ({ label, children, wide = 3 }) => {
  const classes = useStyles();
  return /* @__PURE__ */ jsxs(Grid, { item: true, xs: 12, sm: 6, md: wide, children: [
    /* @__PURE__ */ jsx(Typography, { variant: "h2", color: "textSecondary", className: classes.label, children: label }),
    /* @__PURE__ */ jsx(Typography, { variant: "body2", component: "div", className: classes.value, children })
  ] });
};
var Facts = ({ children }) => /* @__PURE__ */ jsx(Grid, { container: true, spacing: 2, children });

export {
  Fact,
  Facts
};
