#include "autograd/kernels/layers/embedding.hpp"

#include "autograd/kernels/measure/profile.hpp"
#include "autograd/kernels/measure/traffic.hpp"
#include "autograd/kernels/pieces.hpp"

namespace gradus::kernels {

int64_t first_out_of_range(const int64_t* ids, int64_t n, int64_t limit) {
  const int64_t* bad = std::find_if(ids, ids + n, [=](int64_t id) { return id < 0 || id >= limit; });
  return bad == ids + n ? -1 : bad - ids;
}

template <class T>
int64_t gather_rows(const T* table, int64_t V, int64_t H, const int64_t* ids, int64_t n, T* out) {
  const ProfileScope scope("embedding");
  profile::add_elements<T>(2 * n * H);
  const int64_t bad = first_out_of_range(ids, n, V);
  if (bad >= 0) return bad;
  parallel_ranges(n, rows_per_piece(H), [=](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) std::copy_n(table + ids[i] * H, H, out + i * H);
  });
  return -1;
}

namespace {

/// Writes [0, n) ordered by id, equal ids in rising position, to `order`: a counting sort. `starts` has V + 1
/// elements.
void sort_by_id(const int64_t* ids, int64_t n, int64_t V, int64_t* starts, int64_t* order) {
  std::fill_n(starts, V + 1, int64_t{0});
  for (int64_t i = 0; i < n; ++i) ++starts[ids[i] + 1];
  for (int64_t id = 0; id < V; ++id) starts[id + 1] += starts[id];
  for (int64_t i = 0; i < n; ++i) order[starts[ids[i]]++] = i;
}

template <class T>
void add_row(T* to, const T* from, int64_t H) {
#pragma omp simd
  for (int64_t j = 0; j < H; ++j) to[j] += from[j];
}

}  // namespace

template <class T>
void scatter_add_rows(const T* dy, const int64_t* ids, int64_t n, T* dtable, int64_t V, int64_t H,
                      int64_t padding_id) {
  const ProfileScope scope("embedding backward");
  profile::add_elements<T>(3 * n * H);
  if (n == 0) return;
  int64_t *starts = scratch<int64_t>(V + 1 + n), *order = starts + V + 1;
  sort_by_id(ids, n, V, starts, order);
  // Pieces of sorted positions. The row of an id belongs to the piece where its run begins; a later piece
  // that goes on with the run sums its part aside, and these parts are added at the end, in order.
  const int64_t grain = rows_per_partial_sum(n, H), pieces = (n + grain - 1) / grain;
  T* asides = scratch<T>(pieces * H);
  const auto goes_on = [=](int64_t at) { return at > 0 && ids[order[at]] == ids[order[at - 1]]; };
  parallel_ranges(n, grain, [=](int64_t begin, int64_t end) {
    int64_t i = begin;
    if (goes_on(begin)) {
      T* aside = asides + begin / grain * H;
      std::fill_n(aside, H, T(0));
      const int64_t id = ids[order[begin]];
      for (; i < end && ids[order[i]] == id; ++i) add_row(aside, dy + order[i] * H, H);
    }
    for (; i < end; ++i) {
      const int64_t id = ids[order[i]];
      if (id != padding_id) add_row(dtable + id * H, dy + order[i] * H, H);
    }
  });
  for (int64_t begin = grain; begin < n; begin += grain) {
    const int64_t id = ids[order[begin]];
    if (goes_on(begin) && id != padding_id) add_row(dtable + id * H, asides + begin / grain * H, H);
  }
}

template <class T>
BadId embedding_sum(const EmbeddingTables<T>& tables, const int64_t* ids, const int64_t* type_ids, int64_t B,
                    int64_t S, T* out) {
  const ProfileScope scope("embedding");
  profile::add_elements<T>(2 * B * S * tables.H);  // the two small tables stay in cache
  const int64_t bad_word = first_out_of_range(ids, B * S, tables.V);
  if (bad_word >= 0) return {BadId::Table::word, bad_word};
  const int64_t bad_type = first_out_of_range(type_ids, B * S, tables.types);
  if (bad_type >= 0) return {BadId::Table::token_type, bad_type};
  const int64_t H = tables.H;
  parallel_ranges(B * S, rows_per_piece(H), [=](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      const T *word = tables.word + ids[i] * H, *type = tables.token_type + type_ids[i] * H;
      const T* position = tables.position + i % S * H;
      T* row = out + i * H;
#pragma omp simd
      for (int64_t j = 0; j < H; ++j) row[j] = word[j] + type[j] + position[j];
    }
  });
  return {};
}

#define GRADUS_INSTANTIATE(T)                                                                               \
  template int64_t gather_rows(const T*, int64_t, int64_t, const int64_t*, int64_t, T*);                    \
  template void scatter_add_rows(const T*, const int64_t*, int64_t, T*, int64_t, int64_t, int64_t);         \
  template BadId embedding_sum(const EmbeddingTables<T>&, const int64_t*, const int64_t*, int64_t, int64_t, \
                               T*);
GRADUS_INSTANTIATE(float)
GRADUS_INSTANTIATE(double)
#undef GRADUS_INSTANTIATE

}  // namespace gradus::kernels
