// Thin out the shapes of the world's countries, which a browser draws in a third of the
// time then. Needs the npm packages world-atlas, topojson-client and topojson-simplify:
//
//     node scripts/simplify-shapes.mjs node_modules/world-atlas/countries-50m.json \
//       > web/assets/countries.json
//
// A border keeps a share of the world's largest corners, and at least six of its own, so
// that the smallest island stays an area.
import {readFileSync} from "node:fs";
import {quantize} from "topojson-client";
import {presimplify} from "topojson-simplify";
const [file, share = "0.15", least = "6"] = process.argv.slice(2);

const world = presimplify(JSON.parse(readFileSync(file)));
delete world.objects.land;
const weights = world.arcs.flat().map(point => point[2]).filter(Number.isFinite).sort((a, b) => b - a);
const limit = weights[Math.floor(weights.length * share)];
for (const arc of world.arcs) {
  const own = arc.map(point => point[2]).sort((a, b) => b - a);
  const kept = Math.min(limit, own[Math.min(own.length, +least) - 1]);
  arc.splice(0, arc.length, ...arc.filter(point => point[2] >= kept).map(([x, y]) => [x, y]));
}
console.error(weights.length, "->", world.arcs.flat().length, "points");
process.stdout.write(JSON.stringify(quantize(world, 2e4)));
