package spacelift

func (w *world) large() { w.small() }
