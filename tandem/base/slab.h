// Slab<T>: fixed-size storage for many small objects. Each thread keeps a free list; objects may
// die on another thread than the one that made them. Memory goes back to a shared list at thread
// exit and is reused.
#pragma once

#include <algorithm>
#include <cstddef>
#include <mutex>
#include <new>
#include <vector>

namespace tandem {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr bool kUseSlabs = false;  // sanitizers see each object's own memory
#else
inline constexpr bool kUseSlabs = true;
#endif

template <class T>
class Slab {
 public:
  static void* take() {
    if constexpr (!kUseSlabs) return ::operator new(sizeof(T), std::align_val_t(alignof(T)));
    Local& local = this_thread();
    if (!local.free) refill(local);
    Cell* cell = local.free;
    local.free = cell->next;
    --local.count;
    return cell;
  }

  static void give(void* memory) {
    if constexpr (!kUseSlabs) return ::operator delete(memory, std::align_val_t(alignof(T)));
    Local& local = this_thread();
    if (!local.free) ensure_guard();
    Cell* cell = static_cast<Cell*>(memory);
    cell->next = local.free;
    local.free = cell;
    // A thread that only destroys must not hoard: half of a long list goes to the shared one.
    if (++local.count > 2 * kMaxLocal) donate(local, kMaxLocal);
  }

 private:
  static constexpr size_t kCellsPerSlab = 512;
  static constexpr size_t kMaxLocal = 4 * 1024;

  struct Cell {
    Cell* next;
  };
  struct Chain {
    Cell* first;
    size_t count;
  };
  struct Shared {
    std::mutex mutex;
    std::vector<Chain> chains;
  };
  struct Local {
    Cell* free = nullptr;
    size_t count = 0;
  };

  static Shared& shared() {
    static Shared* instance = new Shared;  // outlives threads that end after static destruction
    return *instance;
  }

  // The list itself is plain data, reached without a call; a guard object gives it back at thread
  // exit.
  struct Guard {
    ~Guard() {
      if (own_list.free) donate(own_list, 0);
    }
  };
  static void ensure_guard() {
    static thread_local Guard guard;
    (void)guard;
  }
  static Local& this_thread() { return own_list; }
  static inline constinit thread_local Local own_list [[gnu::tls_model("initial-exec")]] = {};

  static void refill(Local& local) {
    ensure_guard();
    {
      const std::lock_guard lock(shared().mutex);
      auto& chains = shared().chains;
      if (!chains.empty()) {
        local.free = chains.back().first;
        local.count = chains.back().count;
        chains.pop_back();
        return;
      }
    }
    // Cells hold the list's link while free.
    constexpr size_t size = std::max(sizeof(T), sizeof(Cell));
    auto* memory =
        static_cast<std::byte*>(::operator new(size * kCellsPerSlab, std::align_val_t(alignof(T))));
    for (size_t i = kCellsPerSlab; i-- > 0;) {
      Cell* cell = reinterpret_cast<Cell*>(memory + i * size);
      cell->next = local.free;
      local.free = cell;
    }
    local.count = kCellsPerSlab;
  }

  // Keeps `keep` cells and moves the rest to the shared list as one chain.
  static void donate(Local& local, size_t keep) {
    Cell* last_kept = nullptr;
    Cell* cell = local.free;
    for (size_t i = 0; i < keep; ++i) {
      last_kept = cell;
      cell = cell->next;
    }
    const Chain chain{cell, local.count - keep};
    if (last_kept) {
      last_kept->next = nullptr;
    } else {
      local.free = nullptr;
    }
    local.count = keep;
    const std::lock_guard lock(shared().mutex);
    shared().chains.push_back(chain);
  }
};

// Base of classes whose objects come from a slab of their own; T must be the most derived class.
template <class T>
struct SlabAllocated {
  static void* operator new(size_t) { return Slab<T>::take(); }
  static void operator delete(void* memory) { Slab<T>::give(memory); }
};

}  // namespace tandem
