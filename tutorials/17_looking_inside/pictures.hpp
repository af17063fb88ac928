/// @file
/// Chapter 17's pictures: maps of heads, and the share of each word.
#pragma once

#include "heads.hpp"
#include "plot/plot.hpp"

namespace gradus::tutorials::looking_inside {

inline std::vector<std::string> words_in(const Ids& row) {
  std::vector<std::string> words;
  for (const int64_t id : row) words.push_back(tokens[static_cast<size_t>(id)]);
  return words;
}

/// The map of one head for one sentence: the row of each word says where it looks.
inline plot::Picture draw_head(const bert::Bert& model, const Case& one, const bert::HeadName& head,
                               const std::string& title) {
  const NoGrad no_tape;
  const Tensor maps = look_at(model, {one}).maps[static_cast<size_t>(head.layer)];
  plot::HeatMap map;
  map.title = title;
  map.rows = map.columns = words_in(one.row);
  map.row_title = "this word looks";
  map.column_title = "at this word";
  map.low = 0;
  map.high = 1;
  map.numbers = false;
  map.values = maps.select(0, 0).select(0, head.head).to(DType::f64).to_vector<double>();
  return plot::draw(map);
}

/// The row of "it" in every head.
inline plot::Picture draw_rows_of_it(const bert::Bert& model, const Case& one) {
  const NoGrad no_tape;
  const Seen seen = look_at(model, {one});
  plot::HeatMap map;
  map.title =
      "Where \"it\" looks: ... because it was " + tokens[static_cast<size_t>(one.id_at(one.adjective))];
  map.columns = words_in(one.row);
  map.low = 0;
  map.high = 1;
  for (const bert::HeadName& head : bert::all_heads(model)) {
    map.rows.push_back(name_of(head));
    const Tensor row =
        seen.maps[static_cast<size_t>(head.layer)].select(0, 0).select(0, head.head).select(0, one.it);
    for (const double weight : row.to(DType::f64).to_vector<double>()) map.values.push_back(weight);
  }
  return plot::draw(map);
}

/// The share of each word, by both ways.
inline plot::Picture draw_shares(const Case& one, const Tensor& integrated, const Tensor& product) {
  plot::HeatMap map;
  map.title = "What speaks for the dog, and what for the food";
  map.rows = {"integrated gradients", "gradient times input"};
  map.columns = words_in(one.row);
  map.diverging = true;
  map.values = integrated.to_vector<double>();
  for (const double share : product.to_vector<double>()) map.values.push_back(share);
  return plot::draw(map);
}

}  // namespace gradus::tutorials::looking_inside
