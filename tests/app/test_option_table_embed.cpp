// What each option of embed does.
#include <algorithm>
#include <cmath>

#include "app/option_table.hpp"
#include "autograd/npy.hpp"

namespace gradus::test {
namespace {

using Vectors = std::vector<std::vector<double>>;

/// The objects that embed --json prints, a line each.
std::vector<nlohmann::json> objects(const Outcome& call) {
  std::istringstream lines(call.result.out);
  std::vector<nlohmann::json> all;
  for (std::string line; std::getline(lines, line);) all.push_back(nlohmann::json::parse(line));
  return all;
}

Vectors vectors(const Outcome& call) {
  Vectors all;
  for (const nlohmann::json& object : objects(call)) all.push_back(object.at("vector"));
  return all;
}

/// Those of the tokens of the first text.
Vectors token_vectors(const Outcome& call) { return objects(call).at(0).at("vectors"); }

double squares(const std::vector<double>& x) {
  double sum = 0;
  for (const double value : x) sum += value * value;
  return sum;
}

}  // namespace

std::vector<OptionRow> embed_rows() {
  const Words two = {"embed", "../model", "Tom was hungry.", "He was in the barn.", "--json"};
  Words other = two, one = two;
  other[1] = "../other";
  one.erase(one.begin() + 3);
  const Words from_file = {"embed", "../model", "--file", "../toy/held-out.txt", "--json"};
  const Words both_layers = with(one, {"--layers", "0,1"});
  const Words written = with(without(two, "--json"), {"--out", "old.npy", "--force"});
  return {
      {"embed", "MODEL", two, other,
       [](auto& base, auto& changed) {
         CHECK(vectors(changed).size() == 2);
         CHECK(vectors(changed)[0].size() == 16);
         CHECK(vectors(changed) != vectors(base));
       }},
      {"embed", "TEXT", two, one,
       [](auto& base, auto& changed) {
         CHECK(objects(base).size() == 2);
         CHECK(objects(changed).size() == 1);
         CHECK(objects(changed)[0].at("text") == "Tom was hungry.");
       }},
      {"embed", "--file", from_file, with(from_file, {"--file", "../lines.txt"}),
       [](auto& base, auto& changed) {
         CHECK(base.complains("empty: what is given there"));  // and have their place
         CHECK(!changed.complains("empty: what"));
         CHECK(vectors(changed).size() == 60);
       }},
      {"embed", "--vectors", one, with(one, {"--vectors", "tokens"}),
       [](auto& base, auto& changed) {
         const Vectors tokens = token_vectors(changed);
         CHECK(objects(changed)[0].at("pieces").size() == tokens.size());
         for (size_t i = 0; i < 16; ++i) {  // their mean is what is given without the option
           double sum = 0;
           for (const auto& token : tokens) sum += token[i];
           CHECK(vectors(base)[0][i] == Approx(sum / static_cast<double>(tokens.size())).margin(1e-5));
         }
       }},
      {"embed", "--layers", one, with(one, {"--layers", "0"}),
       [](auto& base, auto& changed) { CHECK(vectors(changed) != vectors(base)); }},
      {"embed", "--combine", both_layers, with(both_layers, {"--combine", "mean"}),
       [](auto& base, auto& changed) {
         CHECK(vectors(changed)[0][3] == Approx(vectors(base)[0][3] / 2).margin(1e-6));
       }},
      {"embed", "--normalize", one, with(one, {"--normalize"}),
       [](auto& base, auto& changed) {
         const std::vector<double> before = vectors(base)[0], after = vectors(changed)[0];
         CHECK(squares(after) == Approx(1).margin(1e-5));
         CHECK(after[5] == Approx(before[5] / std::sqrt(squares(before))).margin(1e-5));
       }},
      {"embed", "--max-length", with(one, {"--vectors", "tokens"}),
       with(with(one, {"--vectors", "tokens"}), {"--max-length", "3"}),
       [](auto& base, auto& changed) {
         CHECK(!base.complains("longer"));
         CHECK(changed.complains("1 of 1 text is longer than 3 pieces and was cut there"));
         CHECK(token_vectors(changed).size() == 3);
       }},
      {"embed", "--out", without(two, "--json"), with(without(two, "--json"), {"--out", "x.npy"}),
       [](auto& base, auto& changed) {
         CHECK(std::ranges::count(base.result.out, '\t') == 2 * 15);
         CHECK(changed.result.out == "x.npy: [2, 16] of 2 texts\n");
         CHECK(read_npy(changed.folder / "x.npy").shape() == Shape{2, 16});
       }},
      {"embed",
       "--force",
       without(written, "--force"),
       written,
       [](auto& base, auto& changed) {
         CHECK(base.complains("old.npy is already there"));
         CHECK(changed.says("old.npy: [2, 16] of 2 texts\n"));
       },
       2,
       0,
       "",
       {with(without(one, "--json"), {"--out", "old.npy"})}},
      {"embed", "--json", without(one, "--json"), one, prints_json({"text", "vector"})},
  };
}

}  // namespace gradus::test

TEST_CASE("options: embed, each alone") { gradus::test::run_table(gradus::test::embed_rows()); }
