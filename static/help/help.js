// The help page: text, and the banner of a demo.

import { watchDemo } from "../shared/demo.js";
import { byId } from "../shared/dom.js";

watchDemo(byId("demo"));
