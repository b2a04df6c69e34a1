package spacelift

func (w *world) demo() { w.small() }
