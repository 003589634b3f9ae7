/** Keeps a fault of one page to that page: says so, and leaves the way to the others open. */
import { Component, type ReactNode, useEffect, useRef } from "react";
import { useConnection } from "../api/client";
import { Trouble } from "./Trouble";

interface Props {
  children: ReactNode;
}

export class Boundary extends Component<Props, { error: unknown }> {
  state = { error: null as unknown };

  static getDerivedStateFromError(error: unknown) {
    return { error };
  }

  render(): ReactNode {
    return this.state.error === null ? this.props.children : <Faulty error={this.state.error} />;
  }
}

/** A page whose script could not be fetched while the server was away is loaded again when it is back. */
function Faulty({ error }: { error: unknown }) {
  const { down } = useConnection();
  const wasDown = useRef(down);
  useEffect(() => {
    if (wasDown.current && !down) window.location.reload();
    wasDown.current = down;
  }, [down]);
  return down ? null : <Trouble error={error} again={() => window.location.reload()} />;
}
