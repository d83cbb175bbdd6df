// Thin out the shapes of the world's countries and project them onto the plane: a
// browser draws them in a third of the time then. Needs the npm packages world-atlas,
// topojson-client, topojson-server, topojson-simplify, d3-geo and d3-geo-projection:
//
//     node scripts/simplify-shapes.mjs node_modules/world-atlas/countries-50m.json \
//       > web/assets/countries.json
//
// A border keeps a share of the world's largest corners, and at least four of its own, so
// that a small island stays an area. Islands of less than a twentieth of a pixel at the
// map's height of 300 are left out, and countries of less than a quarter: users would not
// see their colour, and the page names countries without a shape.
import {readFileSync} from "node:fs";
import {geoNaturalEarth1} from "d3-geo";
import {geoProject} from "d3-geo-projection";
import {feature} from "topojson-client";
import {topology} from "topojson-server";
import {presimplify} from "topojson-simplify";
const [file, share = "0.08", least = "4"] = process.argv.slice(2);

const world = presimplify(JSON.parse(readFileSync(file)));
const weights = world.arcs.flat().map(point => point[2]).filter(Number.isFinite).sort((a, b) => b - a);
const limit = weights[Math.floor(weights.length * share)];
for (const arc of world.arcs) {
  const own = arc.map(point => point[2]).sort((a, b) => b - a);
  const kept = Math.min(limit, own[Math.min(own.length, +least) - 1]);
  arc.splice(0, arc.length, ...arc.filter(point => point[2] >= kept).map(([x, y]) => [x, y]));
}
const shapes = feature(world, world.objects.countries);
// It has no ISO number; the page knows it by its letters.
shapes.features.find(({properties}) => properties.name === "Kosovo").id = "XK";
// Data has codes of their own for these: country, territory, and where it is (west, south,
// east, north).
const TERRITORIES = [
  ["250", "254", -55, 2, -51, 6], // French Guiana
  ["250", "312", -62, 15.5, -60, 17], // Guadeloupe
  ["250", "474", -62, 14, -60, 15], // Martinique
  ["250", "175", 44, -14, 46, -12], // Mayotte
  ["250", "638", 55, -22, 56, -20], // Réunion
  ["528", "535", -69, 11, -62, 18], // Caribbean Netherlands
  ["578", "744", 8, 74, 36, 82], // Svalbard
];
for (const [country, territory, west, south, east, north] of TERRITORIES) {
  const {geometry} = shapes.features.find(({id}) => id === country);
  const isInside = ([[[x, y]]]) => west < x && x < east && south < y && y < north;
  const coordinates = geometry.coordinates.filter(isInside);
  geometry.coordinates = geometry.coordinates.filter(island => !isInside(island));
  shapes.features.push({type: "Feature", id: territory, properties: {}, geometry: {type: "MultiPolygon", coordinates}});
}
// Antarctica would take room from countries with users. The map finds shapes by their
// number: these reefs have that of Australia, and would be coloured in its place.
const LEFT_OUT = ["Antarctica", "Ashmore and Cartier Is."];
shapes.features = shapes.features.filter(({properties}) => !LEFT_OUT.includes(properties.name));
// Cuts shapes at 180°. Corners are close enough for straight lines between them.
const countries = geoProject(shapes, geoNaturalEarth1().precision(0));
const [SMALL, SEEN] = [0.1, 0.5]; // in units of the projected map, which is 420 high
const area = ([outline]) => Math.abs(outline.reduce(
  (sum, [x, y], i) => sum + x * outline[(i + 1) % outline.length][1] - outline[(i + 1) % outline.length][0] * y, 0)) / 2;
countries.features = countries.features.filter(({geometry}) => {
  if (geometry?.type !== "MultiPolygon") return geometry && area(geometry.coordinates) >= SEEN;
  geometry.coordinates = geometry.coordinates.filter(island => area(island) >= SMALL);
  return geometry.coordinates.reduce((sum, island) => sum + area(island), 0) >= SEEN;
});
const flat = topology({countries}, 2e4);
console.error(weights.length, "->", flat.arcs.flat().length, "points");
process.stdout.write(JSON.stringify(flat));
