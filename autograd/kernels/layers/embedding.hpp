/// @file
/// Rows of a table picked by ids, and the gradient of the table. Tables are dense [V, H]; T is float or
/// double.
#pragma once

#include <cstdint>

namespace gradus::kernels {

/// The first position whose id is outside [0, limit), or -1.
int64_t first_out_of_range(const int64_t* ids, int64_t n, int64_t limit);

/// out[i] = table[ids[i]], rows of H. Returns -1, or the first position whose id is outside [0, V); then
/// nothing is written.
template <class T>
int64_t gather_rows(const T* table, int64_t V, int64_t H, const int64_t* ids, int64_t n, T* out);

/// dtable[ids[i]] += dy[i], i in [0, n). Rows that no id names keep what they held; those of `padding_id` too
/// (-1: there is none). Every id must be in [0, V).
///
/// The positions are sorted by id first, so each row is summed in a fixed order without atomics.
template <class T>
void scatter_add_rows(const T* dy, const int64_t* ids, int64_t n, T* dtable, int64_t V, int64_t H,
                      int64_t padding_id = -1);

/// The three tables of BERT's input (Devlin et al. 2018, figure 2).
template <class T>
struct EmbeddingTables {
  const T* word;        ///< [V, H]
  const T* token_type;  ///< [types, H]
  const T* position;    ///< [P, H]
  int64_t V, types, H;
};

/// Which id of a batch names no row: `at` is its position, -1 where all are right.
struct BadId {
  enum class Table { none, word, token_type } table = Table::none;
  int64_t at = -1;
};

/// out[b, s] = word[ids[b, s]] + token_type[type_ids[b, s]] + position[s] for B sequences of S <= P tokens.
/// Where an id names no row, nothing is written and the first such id is returned, word ids first.
///
/// Its backward: scatter_add_rows for the first two, column_sum of dy as [B, S H] for the positions.
template <class T>
BadId embedding_sum(const EmbeddingTables<T>& tables, const int64_t* ids, const int64_t* type_ids, int64_t B,
                    int64_t S, T* out);

}  // namespace gradus::kernels
