package spacelift

func (w *world) startAmbient() {}

func (s *Server) shift() {}

func (st *stack) unlock() { st.lockedBy, st.lockNote = "", "" }
