// RUN: dit-opt-test %s --dit-stage --split-input-file --verify-diagnostics

// expected-error@below {{argument 'z' must have dit.every prompt, condition or step, but has "often"}}
func.func @denoise(%x: tensor<?x4xf32> {dit.name = "x"}, %z: tensor<?x4xf32> {dit.every = "often", dit.name = "z"}) {
  return
}

// -----

// expected-error@below {{argument 'z' must have dit.every prompt, condition or step, but has "load"}}
func.func @denoise(%z: tensor<?x4xf32> {dit.every = "load", dit.name = "z"}) {
  return
}

// -----

// expected-error@below {{argument 0 must have dit.name, by which it is known}}
func.func @denoise(%x: tensor<?x4xf32>) {
  return
}

// -----

// expected-error@below {{expected one function, @denoise, and none of a slower rate}}
module {
  func.func @network() {
    return
  }
}

// -----

// expected-error@below {{expected one function, @denoise, and none of a slower rate}}
module {
  func.func @prepare() {
    return
  }
  func.func @denoise() {
    return
  }
}
