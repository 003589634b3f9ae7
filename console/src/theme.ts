/** Colours and type, chosen so that every text has the contrast of WCAG AA in both themes. */
import { createTheme, type CSSVariablesResolver } from "@mantine/core";

export const theme = createTheme({
  primaryColor: "indigo",
  primaryShade: { light: 8, dark: 8 },
  defaultRadius: "md",
  fontFamily: "system-ui, -apple-system, 'Segoe UI', sans-serif",
  fontFamilyMonospace: "ui-monospace, 'SF Mono', Menlo, monospace",
  headings: { fontWeight: "650", sizes: { h1: { fontSize: "1.5rem" }, h2: { fontSize: "1.15rem" }, h3: { fontSize: "1rem" } } },
  cursorType: "pointer",
  respectReducedMotion: true,
  components: { Anchor: { defaultProps: { underline: "always" } } },
});

export const variables: CSSVariablesResolver = () => ({
  variables: {},
  light: {
    "--mantine-color-dimmed": "#545b62",
    "--mantine-color-placeholder": "#6a7178",
    "--mantine-color-error": "#b42318",
    "--mantine-color-body": "#ffffff",
  },
  dark: {
    "--mantine-color-dimmed": "#a9b0b8",
    "--mantine-color-placeholder": "#939aa2",
    "--mantine-color-error": "#ff9a92",
    "--mantine-color-anchor": "#91a7ff",
  },
});
