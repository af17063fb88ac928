#include "autograd/kernels/layers/embedding.hpp"

#include "autograd/kernels/layers/bias.hpp"
#include "support/catch.hpp"
#include "support/kernels.hpp"

using namespace gradus;
using namespace gradus::test;
using std::vector;

namespace {

vector<int64_t> random_ids(int64_t n, int64_t V, uint64_t seed) {
  Rng rng(seed);
  vector<int64_t> ids;
  // Half of them one id, as [MASK] or [PAD]: its run crosses the pieces.
  for (int64_t i = 0; i < n; ++i) ids.push_back(rng.chance(0.5) ? V / 2 : rng.between(0, V - 1));
  return ids;
}

}  // namespace

TEST_CASE("kernel gather_rows copies the rows, and names the first id out of range") {
  const vector<float> table = {0, 1, 10, 11, 20, 21};
  vector<float> out(6, 7);
  const auto gather = [&](const vector<int64_t>& ids) {
    return kernels::gather_rows(table.data(), 3, 2, ids.data(), static_cast<int64_t>(ids.size()), out.data());
  };
  CHECK(gather({2, 3, -1}) == 1);
  CHECK(gather({2, 0, -1}) == 2);
  CHECK(out == vector<float>(6, 7));
  CHECK(gather({2, 0, 2}) == -1);
  CHECK(out == vector<float>{20, 21, 0, 1, 20, 21});
  CHECK(gather({}) == -1);
}

TEST_CASE("kernel scatter_add_rows equals adding the rows one by one") {
  const int64_t H = GENERATE(1, 5, 16, 72), V = GENERATE(1, 2, 37), n = GENERATE(0, 1, 10, 3000);
  const auto ids = random_ids(n, V, 1);
  const auto dy = random_values<double>(n * H, 2), before = random_values<double>(V * H, 3);
  const int64_t padding = GENERATE(-1, 0);
  vector<double> dtable = before, expected = before;
  for (int64_t i = 0; i < n; ++i) {
    for (int64_t j = 0; j < H && ids[i] != padding; ++j) expected[ids[i] * H + j] += dy[i * H + j];
  }
  kernels::scatter_add_rows(dy.data(), ids.data(), n, dtable.data(), V, H, padding);
  CHECK(worst_error(dtable, expected) < 1e-12);
}

TEST_CASE("kernel scatter_add_rows gives the same bits on any number of threads") {
  const int64_t V = 50, H = 24, n = 5001;
  const auto ids = random_ids(n, V, 1);
  const auto dy = random_values<float>(n * H, 2);
  CHECK(same_bits_on_any_threads([&] {
    vector<float> dtable(V * H), out(n * H);
    kernels::scatter_add_rows(dy.data(), ids.data(), n, dtable.data(), V, H);
    kernels::gather_rows(dtable.data(), V, H, ids.data(), n, out.data());
    return joined({dtable, out});
  }));
}

TEST_CASE("kernel embedding_sum adds the three rows, its backward is the kernels that it names") {
  const int64_t V = 11, types = 2, P = 8, H = 5, B = 3, S = 6;
  auto word = random_values<double>(V * H, 1), type = random_values<double>(types * H, 2);
  auto position = random_values<double>(P * H, 3);
  const auto ids = random_ids(B * S, V, 4), type_ids = random_ids(B * S, types, 5);
  const auto dy = random_values<double>(B * S * H, 6);
  const auto sum = [&] {
    vector<double> out(B * S * H);
    const kernels::EmbeddingTables<double> tables{word.data(), type.data(), position.data(), V, types, H};
    CHECK(kernels::embedding_sum(tables, ids.data(), type_ids.data(), B, S, out.data()).at == -1);
    return out;
  };
  const vector<double> out = sum();
  for (int64_t i = 0; i < B * S * H; ++i) {
    const int64_t token = i / H, j = i % H;
    CHECK(out[i] == word[ids[token] * H + j] + type[type_ids[token] * H + j] + position[token % S * H + j]);
  }
  const auto check = [&](const vector<double>& gradient, vector<double>& table) {
    const vector<double> start = table;
    CHECK(worst_error(gradient, numeric_gradient(start, [&](const vector<double>& at) {
                        table = at;
                        return dot(sum(), dy);
                      })) < 1e-8);
    table = start;
  };
  vector<double> dword(V * H), dtype(types * H), dposition(P * H);
  kernels::scatter_add_rows(dy.data(), ids.data(), B * S, dword.data(), V, H);
  kernels::scatter_add_rows(dy.data(), type_ids.data(), B * S, dtype.data(), types, H);
  kernels::column_sum(dy.data(), dposition.data(), B, S * H);
  check(dword, word);
  check(dtype, type);
  check(dposition, position);
}

TEST_CASE("kernel embedding_sum names the table and the first id out of range") {
  const vector<float> table(12, 1);
  const kernels::EmbeddingTables<float> tables{table.data(), table.data(), table.data(), 4, 2, 3};
  const vector<int64_t> good = {0, 3, 1, 0}, bad_word = {0, 3, 4, -1}, good_type = {0, 1, 1, 0},
                        bad_type = {0, 1, 1, 2};
  vector<float> out(12, 7);
  using Table = kernels::BadId::Table;
  auto bad = kernels::embedding_sum(tables, bad_word.data(), bad_type.data(), 2, 2, out.data());
  CHECK((bad.table == Table::word && bad.at == 2));
  bad = kernels::embedding_sum(tables, good.data(), bad_type.data(), 2, 2, out.data());
  CHECK((bad.table == Table::token_type && bad.at == 3));
  CHECK(out == vector<float>(12, 7));
  bad = kernels::embedding_sum(tables, good.data(), good_type.data(), 2, 2, out.data());
  CHECK((bad.table == Table::none && bad.at == -1));
  CHECK(out == vector<float>(12, 3));
}
