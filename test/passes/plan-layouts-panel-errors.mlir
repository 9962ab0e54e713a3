// RUN: dit-opt %s --dit-plan-layouts=panel=0 --verify-diagnostics

// expected-error@below {{panel must be at least 1, got 0}}
module {
  func.func @prepare() {
    return
  }
}
